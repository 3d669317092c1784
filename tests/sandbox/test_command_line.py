"""`python -m sandbox`: one line when ready, a clean end, a clear refusal."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import __main__ as command_line

from .conftest import plain_get

ROOT = Path(__file__).parents[2]


def spawn(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_start_and_stop(how: signal.Signals) -> None:
    process = spawn(
        "--now",
        "2026-07-20T15:00:00Z",
        "--warm",
        "2026-07-20:2026-07-21",
        SANDBOX_SMARTMOVING_KEYS="own:basic",
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert ready["pid"] == process.pid
    base = f"http://127.0.0.1:{ready['port']}/smartmoving/v1/api"
    assert plain_get(f"{base}/ping", headers={"x-api-key": "own"}).status_code == 200
    premium = plain_get(f"{base}/premium/room-types", headers={"x-api-key": "own"})
    assert premium.status_code == 403
    process.send_signal(how)
    rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_it_ends_although_calls_are_held() -> None:
    process = spawn("--latency-ms", "60000")
    assert process.stdout is not None
    port = json.loads(process.stdout.readline())["port"]
    with socket.create_connection(("127.0.0.1", port)) as held:
        held.sendall(b"GET /smartmoving/v1/api/ping HTTP/1.1\r\nHost: x\r\n\r\n")
        while plain_get(f"http://127.0.0.1:{port}/_control/served").json()["max_concurrent"] < 1:
            pass
        process.terminate()
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_a_taken_port(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert command_line.main(["--port", str(port)]) == 2
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert str(port) in errors


def test_only_this_machine() -> None:
    process = spawn()
    assert process.stdout is not None
    port = json.loads(process.stdout.readline())["port"]
    try:
        with pytest.raises(OSError, match=r"refused|unreachable"):
            socket.create_connection(("127.0.0.2", port), timeout=1)
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.mark.parametrize(
    "arguments",
    [["--customers-per-day", "900000"], ["--fault-rate", "0.1", "--fault-kinds", "nonsense"]],
)
def test_options_that_make_no_sense(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(arguments) == 2
    assert capsys.readouterr().err.startswith("sandbox: ")
