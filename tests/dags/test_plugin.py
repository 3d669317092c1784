"""Airflow executes every .py below plugins/ under its bare stem: `.airflowignore` keeps it out of the package."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.dags.conftest import PROJECT

PLUGINS = PROJECT / "plugins"
SCRIPT = """
import json, sys
from airflow import plugins_manager
plugins, errors = plugins_manager._get_plugins()
names = [plugin.name for plugin in plugins if getattr(plugin, "source", None)]
print(json.dumps({"names": names, "errors": errors, "modules": {
    name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())
    if (getattr(module, "__file__", None) or "").startswith(sys.argv[1])
}}))
"""


def discover(folder: Path, run_python: Callable[..., str]) -> dict[str, Any]:
    """What Airflow's own plugin discovery loads of a folder: module name to file."""
    printed = run_python(SCRIPT, str(folder), AIRFLOW__CORE__PLUGINS_FOLDER=str(folder), PYTHONPATH=str(folder))
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found


def test_airflow_loads_the_plugin_and_no_module_of_the_package_under_a_bare_name(
    run_python: Callable[..., str],
) -> None:
    found = discover(PLUGINS, run_python)
    assert found["errors"] == {}
    assert "branchline" in found["names"]
    assert "branchline_plugin" in found["modules"]
    bare = {
        name: file
        for name, file in found["modules"].items()
        if name != "branchline_plugin" and name != "branchline" and not name.startswith("branchline.")
    }
    assert bare == {}


def test_without_the_line_airflow_would_execute_the_package(tmp_path: Path, run_python: Callable[..., str]) -> None:
    """The reason for the line, and the proof that the test above can fail."""
    folder = tmp_path / "plugins"
    shutil.copytree(PLUGINS, folder, ignore=shutil.ignore_patterns("__pycache__", ".airflowignore"))
    modules = discover(folder, run_python)["modules"]
    assert {"errors", "stream", "warehouse"} <= set(modules)


def test_the_only_files_beside_the_package_are_the_plugin_and_the_line() -> None:
    beside = {path.name for path in PLUGINS.iterdir() if path.name != "__pycache__"}
    assert beside == {".airflowignore", "branchline", "branchline_plugin.py"}
    lines = (PLUGINS / ".airflowignore").read_text(encoding="utf-8").splitlines()
    assert "branchline/" in lines
