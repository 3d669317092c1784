"""T90: what must be in no file of the repository: leaked credentials, keys, people, and the machines it was made on."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

#: sha256 of what stood in documents that this project was made from, and must never come back.
LEAKED = frozenset(
    {
        "88e3a2821dc966aecccc94832b5ce56e789b49ad1414223490202a16ec29a800",
        "059b3c981c46284f211b2963907678494d07946fec8d27ab5ce27ff995cb6125",
        "708fe8aad47cbe27cee8c90a55c7c50f0edc3cd54979f3591f58c3b52d512c08",
    }
)
#: Runs of characters that a credential may be written as: from the narrowest, where any mark ends it, to the widest.
RUNS = tuple(
    re.compile(pattern)
    for pattern in (r"[A-Za-z0-9]+", r"[\w-]+", r"[\w.-]+", r"[\w.+/=~-]+", r"[^\s\"'`<>()\[\]{},;|\\]+", r"\S+")
)
MARKS = ".,:;=/+-_~&?!#@$*%"
#: A run between these lengths may hold a credential glued to something else: every part of it is looked at.
SHORTEST, LONGEST = 16, 100
HASHES = re.compile(r"sha256:[0-9a-f]{64}")


def candidates(text: str) -> Iterator[str]:
    """Whatever in a text could be a credential written out."""
    text = HASHES.sub(" ", text)  # a lock file's, thousands of them, each checked against its package
    runs = {run for pattern in RUNS for run in pattern.findall(text)}
    for run in runs:
        yield run
        yield run.strip(MARKS)
        for part in (run, *re.split(r"[?&@]", run)):
            for mark in "=:":
                # what follows the first mark may end in marks of its own: base64 does
                yield part.partition(mark)[2]
                yield from part.split(mark)
    for run in {run for pattern in RUNS[:2] for run in pattern.findall(text)}:
        if SHORTEST < len(run) <= LONGEST:
            for start in range(len(run) - SHORTEST + 1):
                for end in range(start + SHORTEST, len(run) + 1):
                    yield run[start:end]


def found_in(text: str, hashes: Iterable[str]) -> set[str]:
    wanted = set(hashes)
    return {
        digest
        for word in set(candidates(text))
        if (digest := hashlib.sha256(word.encode("utf-8", "surrogateescape")).hexdigest()) in wanted
    }


def test_no_leaked_credential_came_back(texts: dict[str, str]) -> None:
    assert {name: found for name, text in texts.items() if (found := found_in(text, LEAKED))} == {}


PLANTED = (
    "q7Rk2LmZ9xWv4TpB8nYc3HdF6gJs1AeU",
    "7f3c9b1e-52aa-4c1d-9d0e-6b8f0a2c4e11",
    "sk_7Hq-92.zz/Lp+3w==",
    "40912773",
)


@pytest.mark.parametrize("secret", PLANTED)
@pytest.mark.parametrize(
    "text",
    [
        "{}", "KEY={}", 'key: "{}"', "'{}'", "curl -H 'x-api-key: {}' https://api.example.com", "(see {}).",
        "https://api.example.com/v1/customers?providerKey={}&page=1", "https://user:{}@example.com", "`{}`,",
        "first line\n{}\nlast line", "{{'key': '{}'}}", "<key>{}</key>", "\\x00 {} \ufffd", "# {}",
    ],
)  # fmt: skip
def test_a_planted_one_would_be_found(secret: str, text: str) -> None:
    hashed = hashlib.sha256(secret.encode()).hexdigest()
    assert found_in(text.format(secret), {hashed}) == {hashed}


def test_one_glued_to_other_letters_would_be_found() -> None:
    secret = PLANTED[0]
    hashed = hashlib.sha256(secret.encode()).hexdigest()
    assert found_in(f"prefix{secret}suffix", {hashed}) == {hashed}
    assert found_in(f"prefix_{secret}-suffix", {hashed}) == {hashed}
    assert found_in("nothing of the kind", {hashed}) == set()


# ------------------------------------------------------------------------------------- what looks like a secret

PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*" + "PRIVATE" + r" KEY-----")
ASSIGNED = re.compile(
    r"(?i)(?:password|passwd|secret|token|api_?key|access_?key|private_?key|auth|credential|bearer|\bkey)\w*"
    r"[\"']?\s*(?::|=|\s)\s*[\"']?([A-Za-z0-9+/=_.~-]{16,})(?=[\"'\s,;)}]|$)"
)
QUOTED = re.compile(r"[\"']([A-Za-z0-9+/_-]{24,}={0,2})[\"']")
#: Vendors name their records so; as the value of a key or a token it is none.
GUID = re.compile(r"(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Written out for people to read, or to be looked for by a test; secret of nothing.
HARMLESS = re.compile(r"^(sandbox-|canary|only-in-tests|branchline|--hash|tests?[._-])|not-a-secret")
VENDOR_KEYS = re.compile(r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[bap]-[A-Za-z0-9-]{10,}|AIza[\w-]{35}"
                         r"|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.)")  # fmt: skip


def entropy(word: str) -> float:
    """Bits a character: prose and names stay below 4, random text of letters and digits comes above."""
    return -sum(n / len(word) * math.log2(n / len(word)) for n in Counter(word).values())


def looks_random(word: str) -> bool:
    kinds = [re.search(kind, word) for kind in (r"[a-z]", r"[A-Z]", r"\d")]
    if re.fullmatch(r"[0-9a-f-]{24,}", word):  # hexadecimal
        return entropy(word.replace("-", "")) > 3.0
    return all(kinds) and len(re.findall(r"\d", word)) >= 2 and entropy(word) > 3.6


def secrets_in(text: str) -> list[str]:
    words = [match[1] for match in ASSIGNED.finditer(text)]
    words += [match[1] for match in QUOTED.finditer(text) if not GUID.fullmatch(match[1])]
    return [word for word in dict.fromkeys(words) if looks_random(word) and not HARMLESS.search(word)]


def test_nothing_looks_like_a_secret(texts: dict[str, str]) -> None:
    walked = {name: text for name, text in texts.items() if not name.endswith(".lock")}
    found = {name: words for name, text in walked.items() if (words := secrets_in(text))}
    found.pop("tests/policy/test_secrets.py")  # the hashes and what is planted here
    assert found == {}
    for name, text in texts.items():
        assert not PRIVATE_KEY.search(text), name
        assert not VENDOR_KEYS.search(text), name


def test_a_secret_would_be_seen() -> None:
    for line in (
        f'API_KEY = "{PLANTED[0]}"', f"password: {PLANTED[0]}", f'{{"token": "{PLANTED[1]}"}}',
        f'headers = ("{PLANTED[0]}",)', f"Authorization: Bearer {PLANTED[0]}",
        "secret=" + hashlib.sha256(b"x").hexdigest(),
    ):  # fmt: skip
        assert secrets_in(line), line
    for line in ('password = ""', "token = os.environ['A_TOKEN_OF_SOME_LENGTH']", 'key = "customers_by_location_id"'):
        assert secrets_in(line) == [], line


# ------------------------------------------------------------------------------------------- people and machines

#: North American numbers as people and vendors write them; 555-0100 to 555-0199 are nobody's.
PHONE = re.compile(
    r"(?<![\w.-])(?:\+?1[-. ]?)?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[-. ])([2-9]\d{2})[-. ](\d{4})(?![\w-])"
    r"|(?<![\w.])\+1[2-9]\d{2}([2-9]\d{2})(\d{4})\b"
    r"|[\"'][2-9]\d{2}([2-9]\d{2})(\d{4})[\"']"
)
EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,})")
NOBODYS = re.compile(r"(?i)(?:^|\.)(?:example\.(?:com|org|net)|example|invalid|test)$")
MACHINE = re.compile(r"(?<![\w.~-])/(?:work|root|home/\w+|Users/\w+)/[\w.-]")
REGISTRY = re.compile(r"(?i)\b(?:pypi\.org|files\.pythonhosted\.org|registry\.npmjs\.org|proxy\.golang\.org)\b")
#: Who made it is nobody's concern who reads it; put together here so that this file does not find itself.
MAKERS = re.compile(
    r"(?i)\b(?:" + "|".join(("cl" "aude", "anth" "ropic", "chat" "gpt", "open" "ai", "cop" "ilot", "gpt-" r"?\d",
                             "ll" "ms?", "a" "i (?:assistant|agent|tool|model)s?", "language " "models?",
                             "sub" "agents?", "assist" "ants?")) + r")\b"
)  # fmt: skip
ELSEWHERE = re.compile(r"(?<![\w/.-])(?:\.\./)?" + "sha" r"red/\w")


def phones_in(text: str) -> list[str]:
    found = []
    for match in PHONE.finditer(text):
        exchange, line = [group for group in match.groups() if group]
        if not (exchange == "555" and line.startswith("01")):
            found.append(match[0])
    return found


def emails_in(text: str) -> list[str]:
    return [match[0] for match in EMAIL.finditer(text) if not NOBODYS.search(match[1])]


def walk(texts: dict[str, str], pattern: re.Pattern[str]) -> list[str]:
    return [f"{name}: {match[0]}" for name, text in texts.items() for match in pattern.finditer(text)]


def test_nobody_is_in_the_repository(texts: dict[str, str]) -> None:
    mine = "tests/policy/test_secrets.py"
    others = {name: text for name, text in texts.items() if name != mine and not name.endswith(".lock")}
    assert {name: found for name, text in others.items() if (found := phones_in(text))} == {}
    assert {name: found for name, text in others.items() if (found := emails_in(text))} == {}


def test_no_machine_no_registry_and_no_maker(texts: dict[str, str]) -> None:
    others = {name: text for name, text in texts.items() if name != "tests/policy/test_secrets.py"}
    for pattern in (MACHINE, REGISTRY, MAKERS, ELSEWHERE):
        assert walk(others, pattern) == []


def test_each_of_them_would_be_seen() -> None:
    for text in (
        "call (604) 234-5678",
        "1-604-234-5678",
        "604.234.5678",
        "+16042345678",
        '"6042345678"',
        "604-555-1234",
    ):
        assert phones_in(text), text
    for text in (
        "604-555-0123",
        "(212) 555-0199",
        "+16045550100",
        "2026-07-15",
        "127.0.0.1",
        "sm_job_196-1080",
        "24,552",
    ):
        assert phones_in(text) == [], text
    assert emails_in("write to jane.doe@somewhere.ca") == ["jane.doe@somewhere.ca"]
    assert emails_in("a@example.com b@mail.example.org c@x.example @pytest.fixture") == []
    for pattern, text in (
        (MACHINE, "/ro" "ot/project"), (MACHINE, "see /ho" "me/jane/x"), (REGISTRY, "https://py" "pi.org/simple"),
        (MAKERS, "written by Cl" "aude"), (MAKERS, "an LL" "M"), (ELSEWHERE, "see ../sha" "red/notes.md"),
    ):  # fmt: skip
        assert pattern.search(text), text
    for pattern, text in (
        (MACHINE, "~/work/x"), (MACHINE, "a 0700 home/ below"), (MAKERS, "Real Estate Agent"), (ELSEWHERE, "is shared"),
        (ELSEWHERE, "/usr/sha" "red/x"),
    ):  # fmt: skip
        assert not pattern.search(text), text
