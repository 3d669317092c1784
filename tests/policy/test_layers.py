"""Who may import whom. A block knows only what stands below it; what a vendor is called is one word."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path

import pytest
import yaml

from tests.policy.conftest import PROJECT

PACKAGE = PROJECT / "plugins" / "branchline"

#: From the ground up. A new block gets its floor here: imports go down only, never sideways.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("stream", "errors", "calendars"),
    ("request", "pages", "sources"),
    ("warehouse",),
    ("migrations", "tables", "limits", "landing", "dictionary", "addresses", "layouts", "access"),
    ("merge", "transport", "reports", "workbooks", "diagrams"),
    ("ledger", "slices", "legacy_table"),
    ("plan", "derive", "outbox", "fetch", "upkeep", "expectations", "checks", "geocoding", "legacy_history", "inbox"),
    ("tallies", "findings", "sync", "hooks", "metrics"),
    ("retries", "settings", "params", "connections", "watching"),
    ("alerts",),
    ("tasks",),
    ("web",),
)
FLOOR = {block: floor for floor, blocks in enumerate(FLOORS) for block in blocks}
#: Blocks of several files: these, too, from the ground up. The package itself is the door that others come in by.
ROOMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "outbox": (("form",), ("queue",), ("sending",), ("__init__",)),
    "sync": (
        ("run",),
        ("starting",),
        ("coverage", "changes", "probing", "fetching", "merging", "placing", "closing"),
        ("planning", "uploading"),
        ("__init__",),
    ),
    "alerts": (
        ("away", "causes", "messages", "webhook"),
        ("channels",),
        ("telling",),
        ("callbacks",),
        ("__init__",),
    ),
    "web": (
        ("masking",),
        ("catalogue", "problems"),
        ("caller", "pool", "cursor", "filters", "etag", "bodies"),
        ("login", "asking", "as_caller"),
        ("listing", "documents", "export", "access", "syncs", "inbox"),
        ("vendors",),
        ("views",),
        ("app",),
        ("door",),
        ("__init__",),
    ),
    "web.syncs": (("__init__",), ("triggers",), ("starting", "schedules"), ("status",), ("routes",)),
    "web.inbox": (("__init__",), ("inboxes",), ("receiving", "webhooks")),
    "web.vendors": (
        ("__init__",),
        ("pinging",),
        ("smartmoving", "tekmetric", "fms", "arrivy"),
        ("integration",),
    ),
    "web.views": (
        ("registry", "charts", "words", "forms", "advice", "figures"),
        ("rendering",),
        ("health", "branches", "timeline", "run", "quarantine", "budget", "freshness", "access", "business"),
        ("dag_syncs",),
        ("routes",),
        ("__init__",),
    ),
}
#: What is declared or computed without a database, a network or Airflow.
PURE = {"stream", "errors", "calendars", "request", "pages", "sources"}
IMPURE = {"airflow", "psycopg", "psycopg2", "sqlalchemy", "alembic", "aiohttp", "requests", "jinja2", "pandas"}
WITH_AIRFLOW = {
    "hooks", "tasks", "params", "watching", "alerts", "retries", "settings", "connections", "web",
}  # fmt: skip


def imported(path: Path) -> set[str]:
    """Every module that a file imports, wherever in the file, as dotted names; relative imports count as written."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: import by the full name"
            module = node.module or ""
            # `from branchline import sync` imports a block by the name that follows
            below = {f"{module}.{alias.name}" for alias in node.names}
            names |= {name for name in below if is_module(name)} or {module}
    return names


def is_module(name: str) -> bool:
    path = PACKAGE.parent.joinpath(*name.split("."))
    return name.startswith("branchline.") and (path.is_dir() or path.with_suffix(".py").is_file())


def block_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def python_files(folder: Path) -> list[Path]:
    found = [path for path in sorted(folder.rglob("*.py")) if "__pycache__" not in path.parts]
    assert found, f"{folder} has no Python files"
    return found


BLOCKS = [path for path in python_files(PACKAGE) if path.parent != PACKAGE or path.stem != "__init__"]


def test_every_block_has_a_floor() -> None:
    assert len(BLOCKS) >= 25
    unknown = sorted({block_of(path) for path in BLOCKS} - set(FLOOR))
    assert unknown == [], f"give {unknown} a floor in FLOORS"


@pytest.mark.parametrize("path", BLOCKS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    block = block_of(path)
    for name in sorted(imported(path)):
        if name.split(".")[0] != "branchline":
            continue
        parts = name.split(".")
        assert len(parts) > 1, f"{path.name}: name the block"
        other = parts[1]
        if other == block and path.parent != PACKAGE:
            continue  # test_rooms_go_down; hooks know each other
        assert other in FLOOR, f"{path.name} imports {name}, which has no floor"
        assert FLOOR[other] < FLOOR[block], f"{block} (floor {FLOOR[block]}) imports {other} (floor {FLOOR[other]})"


@pytest.mark.parametrize("block", ROOMS)
def test_rooms_go_down(block: str) -> None:
    floor = {room: number for number, rooms in enumerate(ROOMS[block]) for room in rooms}
    folder = PACKAGE.joinpath(*block.split("."))
    files = [(path.relative_to(folder).parts[0].removesuffix(".py"), path) for path in python_files(folder)]
    assert {room for room, _ in files} == set(floor), f"give every file of {block} its floor in ROOMS"
    for room, path in files:
        for name in sorted(imported(path)):
            if f"{name}.".startswith(f"branchline.{block}."):
                other = name.removeprefix(f"branchline.{block}").lstrip(".").split(".")[0] or "__init__"
                if other == room and path.parent != folder:
                    continue  # a room of several files has a list of its own
                assert floor[other] < floor[room], f"{block}/{room} imports {block}/{other}, which is not below it"


def test_a_block_is_entered_by_its_door() -> None:
    for path in [*BLOCKS, *python_files(PROJECT / "dags"), *python_files(PROJECT / "bench")]:
        for name in imported(path):
            parts = name.split(".")
            if (
                parts[0] == "branchline"
                and len(parts) > 2
                and parts[1] in ROOMS
                and not path.is_relative_to(PACKAGE / parts[1])
            ):
                raise AssertionError(f"{path.name} imports {name}: import what branchline.{parts[1]} offers")


@pytest.mark.parametrize("path", BLOCKS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_the_upper_floors_know_airflow_and_the_ground_knows_nothing(path: Path) -> None:
    roots = {name.split(".")[0] for name in imported(path)}
    if block_of(path) in PURE:
        assert not roots & IMPURE, f"{path.name} imports {roots & IMPURE}"
    if block_of(path) not in WITH_AIRFLOW:
        assert "airflow" not in roots, f"{path.name} imports airflow: everything below the tasks runs without it"


def test_the_product_and_its_sandbox_know_nothing_of_each_other() -> None:
    rules = {
        "plugins": {"sandbox", "stack", "tests", "bench", "dags", "plugins", "include"},
        "dags": {"sandbox", "stack", "tests", "bench", "include", "plugins"},
        "sandbox": {"branchline", "stack", "tests", "bench", "dags", "plugins", "airflow", "psycopg"},
    }
    for folder, forbidden in rules.items():
        for path in python_files(PROJECT / folder):
            roots = {name.split(".")[0] for name in imported(path)}
            assert not roots & forbidden, f"{path.relative_to(PROJECT)} imports {roots & forbidden}"


def test_no_module_has_a_name_that_says_nothing(files: list[Path]) -> None:
    names = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc", "shared", "lib"}
    parts = {
        str(path.relative_to(PROJECT)): {part.removesuffix(".py").lower() for part in path.relative_to(PROJECT).parts}
        for path in files
        if path.suffix in {".py", ".sql"}
    }
    assert len(parts) > 80
    assert {path: found & names for path, found in parts.items() if found & names} == {}


def test_every_error_has_a_heading_in_the_runbook() -> None:
    for path in BLOCKS:
        if block_of(path) != "web":
            importlib.import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    errors = importlib.import_module("branchline.errors")
    classes: set[str] = set()
    waiting = [errors.BranchlineError]
    while waiting:
        below = [cls for cls in waiting.pop().__subclasses__() if cls.__module__.startswith("branchline.")]
        classes |= {cls.__name__ for cls in below}
        waiting += below
    assert classes >= {"TryLater", "Deferred", "Reconfigure", "BadData", "VendorChanged", "NotFound", "GuardTripped"}
    runbook = (PROJECT / "docs" / "runbook.md").read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line.lstrip("#").strip().lower()).replace(" ", "-")
        for line in runbook.splitlines()
        if line.startswith("#")
    }
    # what alerts.py links to: a class, whatever else failed, a deadline
    wanted = {name.lower() for name in classes} | {"anything-else", "a-deadline-was-missed"}
    wanted |= {"the-warehouse-is-away", "an-alert-channel-fails", "a-count-is-unusual"}
    assert wanted - headings == set()


# ------------------------------------------------------------------------------------------- one word per vendor

VENDORS = sorted(path.stem for path in (PACKAGE / "sources").glob("*.py") if path.stem != "__init__")


@pytest.mark.parametrize("slug", VENDORS)
def test_a_vendor_is_one_word_everywhere(slug: str) -> None:
    assert re.fullmatch(r"[a-z]+", slug)
    module = importlib.import_module(f"branchline.sources.{slug}")
    source = getattr(module, slug.upper())
    assert source.slug == slug
    assert source.hook.startswith(f"branchline.hooks.{slug}.")
    for place in (
        f"dags/{slug}.py",
        f"plugins/branchline/hooks/{slug}.py",
        f"include/sql/{slug}",
        f"sandbox/{slug}",
        f"tests/{slug}",
    ):
        path = PROJECT / place
        assert path.exists() or path.with_suffix(".py").exists(), f"{place} is missing"
    migrations = [path.name for path in (PROJECT / "include/sql/migrations").glob(f"[0-9][0-9][0-9][0-9]_{slug}.sql")]
    assert len(migrations) == 1
    settings = yaml.safe_load((PROJECT / "airflow_settings.yaml").read_text(encoding="utf-8"))["airflow"]
    assert slug in {pool["pool_name"] for pool in settings["pools"]}
    assert slug in {connection["conn_id"] for connection in settings["connections"]}
    assert f'"{slug}"' in next(
        variable["variable_value"]
        for variable in settings["variables"]
        if variable["variable_name"] == "branchline_accounts"
    )


def test_every_dag_and_sql_folder_belongs_to_a_vendor_or_the_warehouse() -> None:
    assert VENDORS
    for path in (PROJECT / "dags").glob("*.py"):
        assert path.stem.split("_")[0] in {*VENDORS, "warehouse"}, path.name
    for path in (PROJECT / "include" / "sql").iterdir():
        if path.is_dir():
            assert path.name in {
                *VENDORS,
                "migrations",
                "metrics",
                "crm",
                "legacy",
                "upkeep",
                "alerts",
                "api",
                "pages",
                "inbox",
            }, path.name


def test_a_vendor_has_no_second_spelling(texts: dict[str, str]) -> None:
    second = re.compile(r"smart[-_ ]moving|tek[-_ ]metric|drive[-_ ]shop[-_]fms", re.IGNORECASE)
    found = [f"{name}: {match[0]}" for name, text in texts.items() for match in second.finditer(text)
             if name != "tests/policy/test_layers.py"]  # fmt: skip
    assert found == []
