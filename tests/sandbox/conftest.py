from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from sandbox.options import Options
from sandbox.server import Running, running

NOW = datetime(2026, 7, 20, 15, 0, tzinfo=UTC)
KEY = "sandbox-smartmoving-key"
BASIC_KEY = "sandbox-smartmoving-basic-key"


def plain_get(url: str, **more: Any) -> requests.Response:
    """GET without the client's key."""
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=60, **more)


class Client:
    """A plain client of one sandbox."""

    def __init__(self, sandbox: Running) -> None:
        self.sandbox = sandbox
        self.control = sandbox.control
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["x-api-key"] = KEY

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.session.get(self.sandbox.smartmoving + path, params=query, timeout=60)

    def sweep(self, first: int = 20260720, last: int | None = None, **query: Any) -> requests.Response:
        return self.get(
            "/api/customers",
            FromServiceDate=first,
            ToServiceDate=last or first,
            IncludeOpportunityInfo="true",
            **query,
        )

    def all_customers(self, first: int = 20260720, last: int | None = None, size: int = 5) -> list[Any]:
        rows: list[Any] = []
        for page in range(1, 1000):
            body = self.sweep(first, last, Page=page, PageSize=size).json()
            rows += body["pageResults"]
            if body["lastPage"]:
                return rows
        raise AssertionError("no last page")

    def opportunities(self, first: int = 20260720, last: int | None = None) -> list[Any]:
        return [o for c in self.all_customers(first, last, 200) for o in c["opportunities"]]

    def post_lead(self, key: str = "sandbox-provider-key", timeout: float = 5, **form: Any) -> requests.Response:
        return self.session.post(
            self.sandbox.leads + "/api/leads/from-provider/v2",
            params={"providerKey": key},
            json=form,
            timeout=timeout,
        )


def options(**choices: Any) -> Options:
    return Options(**{"now": NOW, "rate_per_minute": 0, **choices})


@pytest.fixture(scope="session")
def shared() -> Iterator[Client]:
    """One sandbox for the tests that change nothing."""
    with running(options()) as sandbox:
        yield Client(sandbox)


@pytest.fixture
def client(shared: Client) -> Iterator[Client]:
    """The shared sandbox, put back to the start afterwards."""
    shared.control.reset()
    yield shared
    shared.control.reset()


@pytest.fixture
def start() -> Iterator[Callable[..., Client]]:
    """Start sandboxes with options of their own."""
    with ExitStack() as stack:
        yield lambda **choices: Client(stack.enter_context(running(options(**choices))))
