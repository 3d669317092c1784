"""The plugin is loaded by every process of Airflow, each task's too: what it serves is imported where it is served."""

from __future__ import annotations

import subprocess
import sys

from branchline.web import FrontDoor

from tests.web.front import PROJECT

SCRIPT = """
import sys
from branchline.web import FrontDoor
FrontDoor()
print(sorted({name.split('.')[0] for name in sys.modules} & {'fastapi', 'starlette', 'psycopg', 'airflow', 'pydantic'}))
"""


def test_the_door_costs_nothing_until_somebody_comes() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(PROJECT / "plugins")},
    )
    assert answer.stdout.strip() == "[]"


def test_behind_one_door_stands_one_application() -> None:
    door = FrontDoor()
    assert door.app is door.app
    assert door.app is not FrontDoor().app, "the pool belongs to it"
