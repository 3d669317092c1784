"""The sandbox tells by webhook of what it changes, each vendor in its own words."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from sandbox.server import Running
from sandbox.webhooks import events_of

from .conftest import Client

Posted = list[tuple[str, dict[str, str], dict[str, Any]]]


@pytest.fixture
def receiver() -> Iterator[tuple[str, Posted]]:
    """An address that takes webhooks, and what came there: path, headers, body."""
    posted: Posted = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((self.path, dict(self.headers), json.loads(body)))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/inbox", posted
    server.shutdown()
    server.server_close()
    thread.join()


def told(sandbox: Running, source: str) -> dict[str, Any]:
    answer: dict[str, Any] = sandbox.control.truth("2026-07-20", "2026-07-20", source=source)
    return answer


def test_a_change_is_told_with_its_headers(client: Client, receiver: tuple[str, Posted]) -> None:
    url, posted = receiver
    key = told(client.sandbox, "smartmoving")["opportunities"][0]["id"]
    body = {"url": url, "headers": {"X-Secret": "s"}, "change": [{"cancel": key}]}
    answer = client.session.post(f"{client.sandbox.url}/_control/tell", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    assert answer.json()["statuses"] == [202]
    ((path, headers, event),) = posted
    assert (path, headers["X-Secret"]) == ("/inbox", "s")
    assert event == {"event-type": "opportunity-status-changed", "opportunity-id": key}


def test_arrivy_and_tekmetric_speak_otherwise(client: Client, receiver: tuple[str, Posted]) -> None:
    url, posted = receiver
    control = client.sandbox.control
    task = int(min(control.truth("0001-01-01", "9999-12-31", source="arrivy")["tasks"]))
    control.tell({"delete": task}, source="arrivy", url=url)
    control.tell({"fraction": 0.001}, source="tekmetric", url=url)
    arrivy, tekmetric = (event for _, _, event in posted)
    assert (arrivy["EVENT_TYPE"], arrivy["OBJECT_ID"], arrivy["OBJECT_TYPE"]) == ("TASK_DELETED", task, "TASK")
    assert isinstance(arrivy["EVENT_ID"], int)
    assert tekmetric["event"].startswith("Repair Order #")
    assert isinstance(tekmetric["data"]["id"], int)


def test_another_machine_and_a_vendor_without_webhooks_are_refused(client: Client) -> None:
    control = client.sandbox.control
    with pytest.raises(ValueError, match="not on this machine"):
        control.tell(source="smartmoving", url="http://192.0.2.1/inbox")
    with pytest.raises(ValueError, match="sends no webhooks"):
        events_of("fms", {}, {})
