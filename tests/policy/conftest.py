"""The repository's own files: what git tracks and what it would."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
#: Folders that an exported copy without git may have beside the project's own.
NOT_OURS = {".git", ".venv", ".venv-bench", ".branchline", "__pycache__", "node_modules"}


def repository_files() -> list[Path]:
    """Every file that is tracked, or is new and not ignored."""
    answer = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=False,
        capture_output=True,
        cwd=PROJECT,
    )
    if answer.returncode == 0:
        listed = [PROJECT / name for name in answer.stdout.decode().split("\0") if name]
    else:
        listed = [
            path
            for path in PROJECT.rglob("*")
            if not NOT_OURS & set(path.relative_to(PROJECT).parts) and not path.name.endswith(".pyc")
        ]
    return sorted(path for path in set(listed) if path.is_file())


@pytest.fixture(scope="session")
def files() -> list[Path]:
    found = repository_files()
    names = {str(path.relative_to(PROJECT)) for path in found}
    assert names >= {"Makefile", "airflow_settings.yaml", "dags/smartmoving.py", "plugins/branchline/errors.py"}
    assert len(found) > 100
    return found


@pytest.fixture(scope="session")
def texts(files: list[Path]) -> dict[str, str]:
    """Path to content; bytes that are no text are kept as they are, character by byte. Pictures hold no text."""
    return {
        str(path.relative_to(PROJECT)): path.read_bytes().decode("utf-8", "surrogateescape")
        for path in files
        if path.suffix != ".png"
    }
