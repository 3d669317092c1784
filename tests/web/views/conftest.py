"""The pages in a real browser: Airflow's own application on a port, a fortnight of made-up history behind it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import uvicorn
from branchline.warehouse import connect_async
from playwright.sync_api import Browser, Page, sync_playwright
from psycopg import ClientCursor

from stack.state import PROJECT
from tests.web.conftest import House

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
CLIENT, DAYS = "meadow", 16
#: The name of a branch whose text would be a script where it is not escaped (T82).
HOSTILE = '<script>alert(1)</script> & "Sons"'
#: Said in the environment, a run writes its pictures to where README shows them.
PICTURES = "BRANCHLINE_DOCS_IMAGES"
IN_README = ("health", "branches", "run", "quarantine", "budget-dark")
_LEFT = (
    "DELETE FROM ops.quarantine_decisions WHERE client_id = %(client)s",
    "DELETE FROM ops.quarantine WHERE client_id = %(client)s",
    "DELETE FROM ops.schema_drift WHERE sync_id IN (SELECT sync_id FROM ops.sync_history WHERE client_id = %(client)s)",
    "DELETE FROM ops.sync_slices WHERE client_id = %(client)s",
    "DELETE FROM ops.sync_history WHERE client_id = %(client)s",
    "DELETE FROM ops.expectations WHERE client_id = %(client)s",
    "DELETE FROM ops.api_calls WHERE account = %(client)s",
    "DELETE FROM access.grants WHERE client_id = %(client)s",
    "DELETE FROM access.people WHERE person = 'pages_admin'",
    "DELETE FROM core.locations WHERE client_id = %(client)s",
    "DELETE FROM core.accounts WHERE client_id = %(client)s",
    "DELETE FROM core.clients WHERE client_id = %(client)s",
)


@dataclass
class Site:
    """Where the pages are served, and a browser to look at them with."""

    house: House
    base: str
    browser: Browser
    #: What browsers complained of since somebody last looked.
    complaints: list[str] = field(default_factory=list)

    @contextmanager
    def visit(self, user: str | None, **options: Any) -> Iterator[Page]:
        """A fresh browser window of a signed-in user, or of nobody; what its console says becomes a complaint."""
        context = self.browser.new_context(viewport={"width": 1400, "height": 900}, **options)
        try:
            if user is not None:
                context.add_cookies([{"name": "_token", "value": self.house.front.token(user), "url": self.base}])
            page = context.new_page()
            page.set_default_timeout(15_000)
            page.on("console", lambda said: said.type == "error" and self.complaints.append(said.text))
            page.on("pageerror", lambda error: self.complaints.append(str(error)))
            page.on("dialog", lambda dialog: (self.complaints.append(f"dialog {dialog.message}"), dialog.dismiss()))
            yield page
        finally:
            context.close()

    def url(self, path: str) -> str:
        """The address of a page below the plugin's prefix."""
        return f"{self.base}/branchline/pages/{path}"


@pytest.fixture(scope="module")
def history(house: House) -> Iterator[dict[str, str]]:
    """A third client's fortnight, taken away again; gives its newest run."""
    with psycopg.connect(house.warehouse.admin, cursor_factory=ClientCursor) as connection:
        connection.execute((PROJECT / "bench" / "history.sql").read_bytes(), {"client": CLIENT, "days": DAYS})
    run = house.warehouse.one(
        "SELECT dag_id, run_id FROM ops.sync_history WHERE client_id = %s AND sync_type = 'customers' "
        "AND crm_source = 'smartmoving' AND start_time < now() - interval '3 hours' ORDER BY sync_id DESC LIMIT 1",
        (CLIENT,),
    )
    house.warehouse.execute("ANALYZE ops.sync_history, ops.sync_slices")
    yield {"dag_id": run.dag_id, "run_id": run.run_id}
    with psycopg.connect(house.warehouse.admin, autocommit=True) as connection:
        for statement in _LEFT:
            connection.execute(statement.encode(), {"client": CLIENT})


@pytest.fixture(scope="module")
def site(house: House, history: dict[str, str]) -> Iterator[Site]:
    if not CHROMIUM.is_file():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM} is missing: .ci/run installs it")
        pytest.skip(f"{CHROMIUM} is missing: install chromium to have the pages looked at")
    state = house.front.app.state
    # a pool belongs to the event loop that its connections were opened in, and uvicorn has one of its own
    kept, state.pool = state.pool, type(state.pool)(lambda: connect_async(house.warehouse.as_role("api")), 4)
    server = uvicorn.Server(
        uvicorn.Config(house.front.client.app, "127.0.0.1", 0, lifespan="off", log_level="warning", access_log=False)
    )
    thread = threading.Thread(target=server.run, name="pages", daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "uvicorn did not start"
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        # open in this module alone: while it is, no other test of the process may run an event loop
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=[*FLAGS])
            try:
                yield Site(house, f"http://127.0.0.1:{port}", browser)
            finally:
                browser.close()
    finally:
        server.should_exit = True
        thread.join(20)
        state.pool = kept


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keep a picture of a page: as an artefact of the run, and those of README where the environment asks for it."""
    artefacts, images = PROJECT / ".branchline" / "pictures", PROJECT / "docs" / "images"

    def keep(page: Page, name: str) -> None:
        wanted = name in IN_README and os.environ.get(PICTURES)
        for folder in (artefacts, images) if wanted else (artefacts,):
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{name}.png")

    return keep
