"""Whose inbox a webhook may come to: the accounts of Airflow's Variable, the secrets of their `<conn_id>_inbox`."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow.exceptions import AirflowNotFoundException  # type: ignore[attr-defined] # it is lazy there
from airflow.models.connection import Connection
from airflow.models.variable import Variable
from anyio import to_thread

from branchline.connections import ACCOUNTS

log = logging.getLogger(__name__)

#: What a connection's inbox is called after it.
SUFFIX = "_inbox"
#: The header that carries the second secret, unless the connection's extra names another.
HEADER = "X-Branchline-Secret"
#: Sources that send webhooks, and whether they can send a header: Tekmetric cannot, so its token is all there is.
SENDS_HEADERS = {"smartmoving": True, "arrivy": True, "tekmetric": False}
#: Seconds that secrets are remembered: a changed one is known so long after.
REMEMBER_SECONDS = 30.0


@dataclass(frozen=True)
class Inbox:
    """The inbox of an account.

    Attributes:
        source: the vendor.
        account: whose.
        client: its tenant.
        token: what the path must end in; empty where it was not configured, and nothing comes in.
        header: name of the header that carries `secret`; None where the vendor cannot send one.
        secret: what that header must say.
    """

    source: str
    account: str
    client: str
    token: str = field(repr=False)
    header: str | None
    secret: str = field(repr=False)

    @property
    def is_configured(self) -> bool:
        """Whether anything can come in."""
        return bool(self.token) and (self.header is None or bool(self.secret))

    def admits(self, token: str, headers: Mapping[str, str]) -> bool:
        """Whether a request carries what the inbox asks for; how long that takes tells nothing about the secrets."""
        said = headers.get(self.header, "") if self.header else ""
        is_token = hmac.compare_digest(token.encode(), self.token.encode())
        is_secret = self.header is None or hmac.compare_digest(said.encode(), self.secret.encode())
        return is_token and is_secret and self.is_configured


class Inboxes:
    """The inboxes of every account, looked up now and then and not for every request."""

    def __init__(self) -> None:
        self._known: tuple[Inbox, ...] = ()
        self._until = 0.0
        self._looking = asyncio.Lock()

    async def of(self, source: str) -> tuple[Inbox, ...]:
        """The inboxes of a source, configured or not.

        Raises:
            sqlalchemy.exc.OperationalError: Airflow's database does not answer, and they were never looked up before.
        """
        if time.monotonic() >= self._until:
            async with self._looking:
                if time.monotonic() >= self._until:
                    await self._look()
        return tuple(inbox for inbox in self._known if inbox.source == source)

    async def admitting(self, source: str, token: str, headers: Mapping[str, str]) -> Inbox | None:
        """The inbox that a request may put something into; all of the source's are compared, whichever it is."""
        admitted = [inbox for inbox in await self.of(source) if inbox.admits(token, headers)]
        return admitted[0] if admitted else None

    def forget(self) -> None:
        """Look them up again at the next request."""
        self._until = 0.0

    async def _look(self) -> None:
        try:
            self._known = await to_thread.run_sync(_configured)
        except Exception as error:
            if not self._known:
                raise
            # what comes in meanwhile would be lost for an outage of a database that it does not need
            log.warning("The inboxes cannot be looked up (%s); those known so far stay", type(error).__name__)
        self._until = time.monotonic() + REMEMBER_SECONDS


def _configured() -> tuple[Inbox, ...]:
    entries: list[dict[str, Any]] = json.loads(Variable.get_variable_from_secrets(ACCOUNTS) or "[]")
    return tuple(_inbox_of(entry) for entry in entries if entry["source"] in SENDS_HEADERS)


def _inbox_of(entry: Mapping[str, str]) -> Inbox:
    source = entry["source"]
    try:
        connection = Connection.get_connection_from_secrets(entry["conn_id"] + SUFFIX)
    except AirflowNotFoundException:
        extra, secret = {}, ""
    else:
        extra, secret = connection.extra_dejson, connection.password or ""
    header = str(extra.get("header") or HEADER) if SENDS_HEADERS[source] else None
    return Inbox(source, entry["account"], entry["client"], str(extra.get("token") or ""), header, secret)
