"""Which fault is tried on which source: every fault that a source can have is tried on it, and no test is skipped."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contract.facts import CAPABILITIES
from tests.contract.lines import LINES
from tests.contract.subject import Subject
from tests.policy.conftest import PROJECT

CONTRACT = PROJECT / "tests" / "contract"
ID = re.compile(r"(?i)(?<![a-z0-9])t(\d\d)(?![0-9])")

#: What a fault needs of a source to be one: any of the alternatives, each a set of capabilities, all of them there.
NEEDS: dict[str, tuple[set[str], ...]] = {
    **dict.fromkeys(("T01", "T02", "T03", "T04", "T05", "T07"), (set(),)),
    **dict.fromkeys(("T06", "T08", "T30", "T31"), ({"json", "pages"},)),
    **dict.fromkeys(("T20", "T21", "T22"), ({"pages", "totals"}, {"pages", "open_ended"})),
    "T09": ({"credentials"},),
    "T23": ({"pages", "totals", "sizes"}, {"pages", "open_ended"}),
    "T24": ({"pages"},),
    "T32": ({"money"},),
    "T37": ({"windows"}, {"local_days"}),
    "T38": ({"days"}, {"instants"}),
    **dict.fromkeys(("T33", "T34", "T35", "T36", "T39", "T40"), (set(),)),
    "T41": ({"children"},),
    "T42": ({"references"},),
    **dict.fromkeys(("T60", "T61", "T62", "T63", "T65", "T66", "T67"), (set(),)),
    "T64": ({"derived"}, {"by_id"}, {"cursor"}, {"windows"}),
    "T69": ({"absence"},),
}


def ids_of(name: str) -> set[str]:
    return {f"T{number}" for number in ID.findall(name)}


def contract_tests() -> Iterator[tuple[str, Any]]:
    """Every test of the contract, by its name."""
    for path in sorted(CONTRACT.glob("test_*.py")):
        module = importlib.import_module(f"tests.contract.{path.stem}")
        for name, found in vars(module).items():
            if name.startswith("test_") and getattr(found, "__module__", None) == module.__name__:
                yield name, found


def lines_of(test: Any) -> set[type[Subject]]:
    """The lines that a test runs on, by its mark."""
    found: set[type[Subject]] = set()
    for mark in getattr(test, "pytestmark", ()):
        names = mark.args[0] if mark.name == "parametrize" else ()
        if "kind" in ([names] if isinstance(names, str) else names):
            found |= {case.values[0] for case in mark.args[1]}
    return found


def own_tests(source: str) -> Iterator[str]:
    """Names of the tests in a source's own folder."""
    for path in sorted((PROJECT / "tests" / source).glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


@pytest.fixture(scope="module")
def tried() -> dict[str, set[str]]:
    """The table: a fault's id to the sources that it is tried on."""
    table: dict[str, set[str]] = {fault: set() for fault in NEEDS}
    for name, test in contract_tests():
        for fault in ids_of(name):
            table.setdefault(fault, set()).update(line.SOURCE.slug for line in lines_of(test))
    for line in LINES:
        for name in own_tests(line.SOURCE.slug):
            for fault in ids_of(name):
                table.setdefault(fault, set()).add(line.SOURCE.slug)
    return table


def can_have(line: type[Subject], fault: str) -> bool:
    return any(line.has(*needed) for needed in NEEDS[fault])


def test_every_fault_is_tried_on_a_source(tried: dict[str, set[str]]) -> None:
    assert sorted(NEEDS) == [
        f"T{number:02}"
        for numbers in (range(1, 10), range(20, 25), range(30, 43), range(60, 68), (69,))
        for number in numbers
    ]
    assert [fault for fault in NEEDS if not tried[fault]] == []


@pytest.mark.parametrize("line", [pytest.param(line, id=line.SOURCE.slug) for line in LINES])
def test_every_fault_that_a_source_can_have_is_tried_on_it(line: type[Subject], tried: dict[str, set[str]]) -> None:
    owed = {fault for fault in NEEDS if can_have(line, fault)}
    assert len(owed) > 15
    assert sorted(fault for fault in owed if line.SOURCE.slug not in tried[fault]) == []


@pytest.mark.parametrize("line", [pytest.param(line, id=line.SOURCE.slug) for line in LINES])
def test_a_source_says_why_it_lacks_what_it_lacks(line: type[Subject]) -> None:
    assert {name for name in line.LACKS if name not in CAPABILITIES} == set()
    assert {name for name, why in line.LACKS.items() if len(why.split()) < 4} == set()
    needed = {name for alternatives in NEEDS.values() for names in alternatives for name in names}
    assert needed <= set(CAPABILITIES)


def test_every_source_that_a_dag_reads_has_a_line() -> None:
    sources = {path.stem for path in (PROJECT / "plugins/branchline/sources").glob("[a-z]*.py")}
    dags = {path.stem for path in (PROJECT / "dags").glob("*.py")}
    lines = {line.SOURCE.slug for line in LINES}
    assert sources & dags == lines


def test_every_test_of_the_contract_names_its_fault_and_its_lines() -> None:
    tests = dict(contract_tests())
    assert len(tests) > 50
    assert [name for name in tests if not ids_of(name)] == []
    assert [name for name, test in tests.items() if not lines_of(test)] == []


def test_no_test_of_the_contract_is_skipped() -> None:
    """What a source lacks it says by a capability, where everybody sees it."""
    found = []
    for path in sorted(CONTRACT.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in {"skip", "skipif", "importorskip"}:
                found.append(f"{path.name}:{node.lineno} {node.attr}")
    assert found == []
