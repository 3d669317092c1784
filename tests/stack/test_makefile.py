"""The Makefile: every target explains itself, and a query passes through it as it was typed."""

import re
import subprocess
from pathlib import Path

import pytest

from stack.state import PROJECT


def make(*arguments: str) -> str:
    # -o: the packages count as installed, whatever the files' dates are
    command = ["make", "--no-print-directory", "-o", ".venv/.installed", *arguments]
    return subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout


def test_help_is_the_default_and_lists_every_target_in_a_line() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (PROJECT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    lines = make().splitlines()
    assert lines == make("help").splitlines()
    assert [line.split()[1] for line in lines] == phony.group(1).split()
    assert all(len(line.split()) > 2 and len(line) < 110 for line in lines)


def test_a_query_arrives_as_it_was_typed(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nprintf %s "$Q"\n')
    python.chmod(0o755)
    query = """SELECT '$1' AS "a", $$x$$, 'it''s' -- # `id` $(HOME) \\ ü"""
    assert make("sql", f"BIN={tmp_path}", f"Q={query}") == query


def test_once_reaches_the_program(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "$@"\n')
    python.chmod(0o755)
    assert make("run", f"BIN={tmp_path}", "ONCE=1") == "-m stack run --once\n"
    assert make("run", f"BIN={tmp_path}") == "-m stack run\n"


def test_no_registry_and_no_folder_of_one_machine_is_named() -> None:
    for name in ("Makefile", "requirements-uv.txt", ".ci/run", "Dockerfile", "airflow_settings.yaml"):
        text = (PROJECT / name).read_text()
        assert not re.search(r"index-url\s*[= ]\s*http|pypi|/home/|/root|/work", text), name


def test_whose_rights_arrive_as_they_were_typed_and_from_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nfor word in "$@"; do printf "[%s]" "$word"; done\n')
    python.chmod(0o755)
    who = """ja'ne $(HOME) `id` "x" """
    place = ("CLIENT=lgm", "LOCATION=12")
    begin = "[-m][stack][access]"
    assert make("grant", f"BIN={tmp_path}", f"WHO={who}", "ROLE=MANAGER", *place) == (
        f"{begin}[grant][--client=lgm][--location=12][{who}][MANAGER]"
    )
    for name in ("ROLE", "CLIENT", "LOCATION", "WHO"):
        monkeypatch.setenv(name, "of the environment")
    assert make("revoke", f"BIN={tmp_path}", "WHO=jane") == f"{begin}[revoke][jane]"
    assert make("people", f"BIN={tmp_path}") == f"{begin}[list]"
