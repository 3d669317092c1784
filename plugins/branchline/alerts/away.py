"""That the warehouse is away, remembered where it cannot be: in a file of this machine.

Every task of every DAG fails then. A machine tells it once; other machines have files of their own.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any


def begin(alert: Mapping[str, Any], again: timedelta) -> bool:
    """Remember that it is away.

    Args:
        alert: what is told, as ops.alerts would hold it.
        again: after so long it is news again.

    Returns:
        Whether it is news: exactly one of those who begin at the same time is told so.
    """
    file = _file()
    with suppress(FileNotFoundError):
        if time.time() - file.stat().st_mtime > again.total_seconds():
            file.unlink()
    try:
        # the link of somebody else is not followed, nor his file taken
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        json.dump({**alert, "first_seen_at": datetime.now(UTC).isoformat()}, opened)
    return True


def begun() -> dict[str, Any] | None:
    """What was told when it went away, `first_seen_at` included; None where this machine told nothing."""
    try:
        found: dict[str, Any] = json.loads(_file().read_text(encoding="utf-8"))
        return found | {
            "first_seen_at": datetime.fromisoformat(found["first_seen_at"]),
            "recovered_at": datetime.now(UTC),
        }
    except (OSError, ValueError, KeyError):
        return None


def end() -> None:
    """Forget it."""
    _file().unlink(missing_ok=True)


def _file() -> Path:
    return Path(tempfile.gettempdir()) / f"branchline-warehouse-away-{os.getuid()}.json"
