"""The loading of workbooks that people drop into a folder: what is new there, landed and merged like a vendor's."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from branchline import ledger
from branchline.errors import BranchlineError, Reconfigure, WorkbookRefused
from branchline.landing import Closing, LandedPage, Landing
from branchline.ledger import SliceSpec
from branchline.sync.merging import merge_wave
from branchline.sync.run import Connection, Sync
from branchline.warehouse import connect_async
from branchline.workbooks import FILE_BYTES, TYPES, Sheet, read_workbook

log = logging.getLogger(__name__)

#: Where the digest of each loaded file is kept: ops.sync_cursors, with the file's name as scope.
_FACT = "workbooks"


@dataclass(frozen=True)
class Upload:
    """A file to be loaded.

    Attributes:
        name: its path below the folder.
        digest: SHA-256 of its content.
    """

    name: str
    digest: str


def find_uploads(sync: Sync, folder: Path | None) -> list[Upload]:
    """The files to load: the one that the form names, else those whose content was not loaded yet, oldest first.

    Raises:
        Reconfigure: there is no folder, or the form's path leads out of it or to nothing.
    """
    doing = f"Looking for the workbooks of {sync.source.slug}"
    if folder is None:
        if sync.request.path is None:
            return []
        raise Reconfigure(doing, f"the setting {sync.source.slug}_workbooks_folder names no folder")
    if not folder.is_dir():
        raise Reconfigure(doing, f"the folder {folder} is not there")
    if sync.request.path is not None:
        path = _within(folder, sync.request.path, doing)
        return [Upload(str(path.relative_to(folder.resolve())), _digest(path))]
    files = [path for path in folder.iterdir() if _is_workbook(path, folder)]
    with sync.connect("workbooks.find") as connection:
        return [
            Upload(path.name, digest)
            for path in sorted(files, key=lambda path: path.stat().st_mtime)
            if (digest := _digest(path)) != _known(connection, sync, path.name)
        ]


def load_uploads(sync: Sync, folder: Path, uploads: Sequence[Upload]) -> None:
    """Land the rows of the files' sheets, a slice a sheet and file, and merge them, one file after the other.

    A file counts as loaded when it is merged. One that is refused is not looked at again until its content changes.

    Raises:
        BranchlineError: the first file that is no workbook of the source's or that could not be merged, after the
            others are loaded.
    """
    failures: list[Exception] = []
    for upload in uploads:
        path = _within(folder, upload.name, "Loading a workbook")
        try:
            sheets = read_workbook(upload.name, _content(path), sync.source.slug)
        except WorkbookRefused as error:
            log.error("%s", error)  # noqa: TRY400 - the message says it all
            failures.append(error)
            _note(sync, upload)
            continue
        _land(sync, upload, sheets)
        if not sync.request.dry_run:
            # Before the next file: what it leaves out stays as this one says it.
            try:
                merge_wave(sync, "workbooks")
            except (BranchlineError, psycopg.Error) as error:
                failures.append(error)
            else:
                _settle(sync, upload)
                _note(sync, upload)
    if sync.request.dry_run:
        merge_wave(sync, "workbooks")
    if failures:
        raise failures[0]


def _settle(sync: Sync, upload: Upload) -> None:
    """Close what was in quarantine of an earlier version of the file and is not wrong in this one."""
    with sync.connect("workbooks.load") as connection:
        connection.execute(
            "UPDATE ops.quarantine AS open SET resolved_at = now(), resolution = 'no longer in the workbook' "
            "WHERE open.source = %s AND open.account = %s AND open.resolved_at IS NULL "
            "AND open.payload ->> 'workbook' = %s AND NOT EXISTS (SELECT FROM ops.sync_history AS history "
            "WHERE history.sync_id = open.sync_id AND history.dag_id = %s AND history.run_id = %s)",
            (sync.source.slug, sync.account.account, upload.name, sync.run.dag_id, sync.run.run_id),
        )


def _note(sync: Sync, upload: Upload) -> None:
    """Remember that the file needs no second look."""
    if sync.request.dry_run:
        return
    with sync.connect("workbooks.load") as connection:
        ledger.write_fact(connection, sync.source.slug, sync.account.account, _FACT, upload.name, upload.digest)


def _land(sync: Sync, upload: Upload, sheets: Sequence[Sheet]) -> None:
    with sync.connect("workbooks.load") as connection, connection.transaction():
        ledger.register_accounts(connection, [sync.account])
        configuration = sync.request.as_configuration() | {"workbook": upload.name}
        for sheet in sheets:
            stream = sync.source.stream(sheet.stream)
            sync_id = ledger.open_sync(connection, sync.run, sync.account, stream, configuration)
            spec = SliceSpec(stream.name, upload.name, "reference", {"workbook": upload.name, "digest": upload.digest})
            ledger.add_slices(connection, sync.run, sync.account, sync_id, [spec])
            for heading in sheet.unknown:
                log.warning("%s, sheet %s: the column %s is not loaded", upload.name, sheet.title, heading)
                connection.execute(
                    "INSERT INTO ops.schema_drift (source, stream, kind, subject, sync_id) "
                    "VALUES (%s, %s, 'new_field', %s, %s) ON CONFLICT DO NOTHING",
                    (sync.source.slug, stream.name, heading, sync_id),
                )
        slices = {
            row.stream: row.slice_id
            for row in ledger.open_slices(
                connection, sync.run, sync.account.account, [sheet.stream for sheet in sheets]
            )
            if row.scope == upload.name
        }
    asyncio.run(_land_all(sync, [(slices[sheet.stream], sheet) for sheet in sheets if sheet.stream in slices]))
    for sheet in sheets:
        log.info("%s, sheet %s: %d rows", upload.name, sheet.title, len(sheet.records))


async def _land_all(sync: Sync, sheets: Sequence[tuple[int, Sheet]]) -> None:
    async with await connect_async(sync.conninfo, name="workbooks.load") as connection, Landing(connection) as landing:
        for slice_id, sheet in sheets:
            await landing.put(LandedPage(slice_id, 1, sheet.records, datetime.now(UTC)))
            await landing.put(Closing(slice_id, None, None, 0.0))


def _within(folder: Path, name: str, doing: str) -> Path:
    """The file of that name in the folder.

    Raises:
        Reconfigure: it leads out of the folder (a link, too), or there is none.
    """
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise Reconfigure(doing, f"{name} lies outside of the watched folder")
    if not path.is_file():
        raise Reconfigure(doing, f"there is no file {name} in the watched folder")
    return path


def _is_workbook(path: Path, folder: Path) -> bool:
    """Whether it is a file of the folder's own; what only looks like one must not keep the others from being loaded."""
    if path.suffix.lower() not in TYPES or path.name.startswith(("~", ".")):
        return False
    if path.is_file() and path.resolve().is_relative_to(folder.resolve()):
        return True
    log.warning("%s is no file of the watched folder, it is left alone", path.name)
    return False


def _content(path: Path) -> bytes:
    """The file, or as much of it as shows that it is too large."""
    with path.open("rb") as file:
        return file.read(FILE_BYTES + 1)


def _digest(path: Path) -> str:
    # A file too large to be read is told from another one by its size; reading it is refused anyway.
    if path.stat().st_size > FILE_BYTES:
        return f"{path.stat().st_size} bytes"
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _known(connection: Connection, sync: Sync, name: str) -> str | None:
    fact = ledger.read_fact(connection, sync.account.source, sync.account.account, _FACT, name)
    return None if fact is None else str(fact.cursor_value)
