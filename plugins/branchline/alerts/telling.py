"""Handing alerts to the channels: what is new, worse, there since a day or over; each to each channel once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from branchline.alerts import away, causes
from branchline.alerts.channels import LOG, RANKS, Channel
from branchline.alerts.messages import Word, write
from branchline.errors import BranchlineError
from branchline.warehouse import connect

log = logging.getLogger(__name__)

#: What still stands is told again after this long.
REMINDER = timedelta(days=1)
#: How long a second teller waits for the first one before he leaves it to the next round.
PATIENCE_SECONDS = 60


def tell(conninfo: str, channels: Sequence[Channel], *, clients: Sequence[str] = (), ui: str = "") -> int:
    """Tell what is to be told; a channel that fails is left for the next round, and the others go on.

    Args:
        conninfo: the warehouse, as the loader.
        channels: who is told.
        clients: tenants whose findings are looked at first.
        ui: address of Airflow's UI, for links to DAGs.

    Returns:
        Messages that were taken, each once a channel.

    Raises:
        psycopg.Error: the warehouse does not answer, or somebody else has been telling for a minute.
    """
    taken = 0
    failed: set[str] = set()
    with connect(conninfo, name="alerts") as connection:
        causes.hold(connection, PATIENCE_SECONDS)
        for client in clients:
            causes.compare(connection, client, ui)
        for alert in causes.standing(connection):
            for channel in channels:
                word = word_of(alert._asdict(), channel)
                if word is None or channel.name in failed:
                    continue
                if hand_over(channel, alert._asdict(), word):
                    # at once, a row for itself: a process that is killed tells one message twice, and none never
                    causes.mark_told(connection, alert, channel.name)
                    taken += 1
                else:
                    failed.add(channel.name)
    return taken


def word_of(alert: Mapping[str, Any], channel: Channel) -> Word | None:
    """Why a channel is to be told of an alert now; None where it is not."""
    last = alert["told"].get(channel.name)
    if alert["recovered_at"] is not None:
        return "recovered" if last is not None and not last["recovered"] else None
    if not channel.wants(alert):
        return None
    if last is None:
        return "new"
    if RANKS[alert["severity"]] > RANKS[last["severity"]]:
        return "worse"
    return "still" if alert["asked_at"] - datetime.fromisoformat(last["at"]) >= REMINDER else None


def hand_over(channel: Channel, alert: Mapping[str, Any], word: Word) -> bool:
    """Give a channel a message.

    Returns:
        Whether it took it. Where not, the log says so, without the error's own text unless it is ours: it may quote an
        address that is a secret.
    """
    try:
        channel.hand_over(write(alert, word), str(alert["severity"]))
    except Exception as error:  # noqa: BLE001 - whatever a notifier raises, a sync must not fail of it
        said = str(error) if isinstance(error, BranchlineError) else type(error).__name__
        log.error(  # noqa: TRY400 - the traceback would quote what the line above leaves out
            "The alert channel %s took no message (%s); it is kept in ops.alerts and tried again by warehouse_upkeep · "
            "docs/runbook.md#an-alert-channel-fails",
            channel.name,
            said,
        )
        return False
    return True


def tell_away(cause: causes.Cause, channels: Sequence[Channel]) -> int:
    """Tell that the warehouse is away, by the channels alone; once a day and machine.

    Returns:
        Channels that took it. The log is none of them: it has each failure's own line.
    """
    alert = asdict(cause)
    wanting = [channel for channel in channels if channel != LOG and channel.wants(alert)]
    if not wanting or not away.begin(alert, REMINDER):
        return 0
    taken = sum(hand_over(channel, alert, "new") for channel in wanting)
    if taken < len(wanting):
        away.end()  # whoever fails next tries again
    return taken


def tell_back(channels: Sequence[Channel]) -> int:
    """Tell that the warehouse is back, where this machine has told that it was away.

    Returns:
        Channels that took it.
    """
    alert = away.begun()
    if alert is None:
        return 0
    wanting = [channel for channel in channels if channel != LOG and channel.wants(alert)]
    away.end()
    return sum(hand_over(channel, alert, "recovered") for channel in wanting)
