"""The benchmark's vendor: the sandbox in a process of its own, at the original plan's size, and its truth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen

#: A Wednesday noon in Toronto: the same service dates in every zone of the company.
NOW = "2026-07-15T16:00:00+00:00"
FIRST, LAST = "2026-07-15", "2026-07-16"
KEY = "sandbox-smartmoving-key"

#: 66 branches x 2 dates x 38 pages of 5 = 5,016 calls, 24,552 customers, about 29,500 jobs.
PLAN = ("--scale", "plan", "--branch-filter", "honoured", "--page-cap", "5", "--warm", f"{FIRST}:{LAST}")


@dataclass(frozen=True)
class World:
    """A running sandbox.

    Attributes:
        url: its root.
        base: SmartMoving's base URL.
        pid: its process.
    """

    url: str
    pid: int

    @property
    def base(self) -> str:
        """SmartMoving's base URL."""
        return f"{self.url}/smartmoving/v1"

    def ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """Call the control endpoint."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.url}/_control/{path}", data, {"Content-Type": "application/json"}, method=method)
        with urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())

    def truth(self) -> dict[str, int]:
        """What a loaded warehouse must hold of the two dates: customers, all their jobs, jobs that are journeys."""
        world = self.ask(f"truth?source=smartmoving&from={FIRST}&to={LAST}")
        booked = {4, 10, 11}
        return {
            "customers": world["counts"]["customers"],
            "jobs": world["counts"]["jobs"],
            "jobs_in_window": world["counts"]["jobsInWindow"],
            "journeys": sum(job["status"] in booked for job in world["jobs"]),
        }


@contextmanager
def running(*options: str) -> Iterator[World]:
    """Run a sandbox process on a free port with no limits but those of `options`."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--now", NOW, "--seed", "7", "--monthly-quota", "0"]
    if not any(option.startswith("--rate") for option in options):
        command += ["--rate-per-minute", "0"]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, env=os.environ)
    assert process.stdout is not None
    try:
        ready = json.loads(process.stdout.readline())
        yield World(f"http://127.0.0.1:{ready['port']}", ready["pid"])
    finally:
        process.terminate()
        process.wait(20)
