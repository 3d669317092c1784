"""Which call is to go wrong, and how."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.seeds import mix

_KIND_WORDS = (
    "status html200 empty200 body truncate cut reset gzip_cut stall redirect repeat_page beyond_end total "
    "null_results shift drop big_field nul nan mutate_record accept_then_timeout "
    "few_rows header_only short_line shift_columns extra_column wide_row repeat_row"
)
KINDS = frozenset(_KIND_WORDS.split())
_RANDOM_STALL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Action:
    """What goes wrong.

    Attributes:
        kind: One of KINDS.
        with_: The action's own settings.
    """

    kind: str
    with_: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Rule:
    """One rule with its counters.

    Attributes:
        match: Searched in the path with its query.
        action: What goes wrong.
        method: Only this method.
        times: At most so often; None for ever.
        after: Let so many matching calls pass first.
        every: Then only every so manieth.
        page: Only when this page is asked for.
        seen: Matching calls so far.
        hits: How often it struck.
    """

    match: re.Pattern[str]
    action: Action
    method: str | None = None
    times: int | None = None
    after: int = 0
    every: int = 1
    page: int | None = None
    seen: int = 0
    hits: int = 0

    def strikes(self, method: str, target: str, page: int | None) -> bool:
        """Count a call, and tell whether this rule strikes it."""
        if (self.method and self.method != method) or (self.page is not None and self.page != page):
            return False
        if not self.match.search(target):
            return False
        self.seen += 1
        if self.times is not None and self.hits >= self.times:
            return False
        if self.seen <= self.after or (self.seen - self.after - 1) % self.every:
            return False
        self.hits += 1
        return True


class RuleBook:
    """The rules set by hand, and the faults that come by chance."""

    def __init__(self, seed: int, rate: float = 0.0, kinds: tuple[str, ...] = ()) -> None:
        self._seed = seed
        self._rate = rate
        self._kinds = [_by_chance(kind) for kind in kinds]
        self._drawn = 0
        self.rules: list[Rule] = []

    def add(self, spec: dict[str, Any]) -> Rule:
        """Add a rule.

        Args:
            spec: `match`, `action` and the optional fields of a rule. An action is its kind, or
                an object with `kind` and the kind's settings.

        Returns:
            The rule.

        Raises:
            ValueError: The rule cannot be understood.
        """
        unknown = set(spec) - {"match", "action", "method", "times", "after", "every", "page"}
        if unknown or "action" not in spec:
            raise ValueError(f"a rule has match, action, method, times, after, every, page; not {sorted(unknown)}")
        action = spec["action"]
        settings = {"kind": action} if isinstance(action, str) else dict(action)
        kind = settings.pop("kind", None)
        if kind not in KINDS:
            raise ValueError(f"no fault {kind!r}; there are {sorted(KINDS)}")
        try:
            pattern = re.compile(spec.get("match", ""))
        except re.error as error:
            raise ValueError(f"match is no pattern: {error}") from error
        method = spec.get("method")
        rule = Rule(
            match=pattern,
            action=Action(kind, settings),
            method=method.upper() if method else None,
            times=spec.get("times"),
            after=int(spec.get("after", 0)),
            every=max(1, int(spec.get("every", 1))),
            page=spec.get("page"),
        )
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Drop all rules; faults by chance go on."""
        self.rules.clear()

    def pick(self, method: str, target: str, page: int | None) -> Action | None:
        """Tell what goes wrong with a call; the first rule that strikes is taken.

        Args:
            method: The method.
            target: The path with its query.
            page: The page asked for, when the call says one.

        Returns:
            The action, or None when all is well.
        """
        for rule in self.rules:
            if rule.strikes(method, target, page):
                return rule.action
        if self._rate and self._kinds:
            self._drawn += 1
            drawn = mix(self._seed, 71, self._drawn)
            if drawn / 2**64 < self._rate:
                return self._kinds[mix(drawn) % len(self._kinds)]
        return None


def _by_chance(kind: str) -> Action:
    """Read a kind from the command line: a number is a status."""
    if kind.isdigit():
        return Action("status", {"status": int(kind)})
    if kind not in KINDS:
        raise ValueError(f"no fault {kind!r}; there are {sorted(KINDS)} and every HTTP status")
    return Action(kind, {"seconds": _RANDOM_STALL_SECONDS} if kind == "stall" else {})
