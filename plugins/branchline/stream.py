"""What is read from a vendor, declared: streams and how their pages are numbered. Frozen, no I/O.

A stream is one kind of record. Its first table is the record itself (the root), the others are its children; the
columns, types, keys and required values of all of them are the catalog's, not repeated here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: What absence of a record from a COMPLETE window means.
Absence = Literal["deleted", "recheck", "none"]

#: How often a stream is read: at every sync, or once a day of the client's clock.
Every = Literal["sync", "day"]


@dataclass(frozen=True, slots=True)
class Paging:
    """How a vendor numbers its pages and names the parts of its envelope.

    Attributes:
        page_param: query parameter that carries the page number.
        size_param: query parameter that carries the page size.
        size: the size asked for; the vendor's answer says what it really gave.
        first: number of the first page.
        records: envelope key of the list of records; a bare array is accepted always.
        total: envelope key of the number of records in the window, None where the vendor sends none.
        given_size: envelope key of the page size that the vendor really applied.
        last: envelope key of the boolean that marks the last page.
        is_bare: whether the answers are arrays without an envelope, so that an empty one is an empty list.
        cap: records after which the vendor is said to cut a list without a word, None where it does not.
    """

    page_param: str
    size_param: str
    size: int
    first: int = 1
    records: str = "content"
    total: str | None = None
    given_size: str | None = None
    last: str | None = None
    is_bare: bool = False
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Rolling:
    """A window of instants that moves with the day: a vendor that filters by schedule and not by change.

    Attributes:
        first_param: query parameter of the first instant.
        last_param: query parameter of the last instant, which is included.
        before: days before today that every sync reads again.
        after: days after today.
    """

    first_param: str
    last_param: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of record of a source.

    Attributes:
        name: the stream's word: slices, history and messages use it.
        path: request path below the connection's base URL; `{key}` stands for the id of a by-id stream, `{place}` for
            the vendor's id of its location.
        api: which of the vendor's APIs it is read from, where there are several; empty is the source's own.
        into: tables of the source's schema that one record fills, the root first.
        wave: the sync's phase it is fetched in; a later wave plans from what an earlier one merged.
        paging: None for a by-id stream or an answer that has one page.
        params: query parameters sent with every call.
        window: query parameter names (from, to) of a date window, None where the stream has no window.
        rolling: the window of instants around today, None where the stream has none.
        changed: query parameter names (from, to) of a filter by the vendor's own time of change: the stream is read
            from its cursor on, its root's SELECT gives source_updated_at, and by_location is honoured.
        by_location: query parameter that limits a call to one location; with `window` the vendor is probed first.
        due: a by-id stream's due list, a file of the source's SQL folder that selects (key, reason, priority).
        newer_than: query parameter that asks for what is newer than an instant: each id of the due list is a slice of
            its own, read page by page from its own cursor on; the id stands for `{place}`.
        asked_as: column that holds the id a by-id stream asked for, where it is not the first of the root's key.
        is_list: whether a by-id stream's answer is a list of records that belong to the id, not the record itself;
            with `paging` each id's list is read to its empty page.
        may_lack: whether an account need not have it: a 404 is then an account without it, and nothing is retired.
        is_report: whether the answer is a file without a header, whose columns include/layouts tells.
        boards: query parameters that limit the stream to one of the vendor's boards, by the board's name.
        absence: what absence from a complete window means.
        every: how often it is read.
        is_optional: whether the form's `streams` must name it for it to be read.
    """

    name: str
    path: str
    into: tuple[str, ...]
    wave: str
    paging: Paging | None = None
    params: tuple[tuple[str, str], ...] = ()
    window: tuple[str, str] | None = None
    rolling: Rolling | None = None
    changed: tuple[str, str] | None = None
    by_location: str | None = None
    due: str | None = None
    newer_than: str | None = None
    asked_as: str | None = None
    is_list: bool = False
    may_lack: bool = False
    is_report: bool = False
    api: str = ""
    boards: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    absence: Absence = "none"
    every: Every = "sync"
    is_optional: bool = False

    @property
    def root(self) -> str:
        """The table whose rows are the stream's records."""
        return self.into[0]

    @property
    def is_by_id(self) -> bool:
        """Whether a slice of it is a batch of ids to ask for."""
        return self.due is not None and self.newer_than is None


@dataclass(frozen=True, slots=True)
class Source:
    """A vendor: its slug, its waves in order and its streams.

    Attributes:
        slug: the one word that is file, dag_id, pool, SQL folder and schema.
        hook: dotted name of the vendor's hook class, imported by the tasks and not by the DAG file.
        streams: every stream, in the order in which a wave merges them.
        form: names of the form's fields that this source has beyond everybody's.
        derived: tables computed from merged ones, as `schema.table`, after the wave they are keyed by.
    """

    slug: str
    hook: str
    streams: tuple[Stream, ...]
    derived: dict[str, tuple[str, ...]] = field(default_factory=dict)
    form: tuple[str, ...] = ()

    @property
    def waves(self) -> tuple[str, ...]:
        """The waves in the order of their first stream."""
        return tuple(dict.fromkeys(stream.wave for stream in self.streams))

    @property
    def has_windows(self) -> bool:
        """Whether anything is read by service dates."""
        return any(stream.window for stream in self.streams)

    @property
    def has_days(self) -> bool:
        """Whether a backfill run reads the days that begin in its interval."""
        return any(stream.window or stream.rolling for stream in self.streams)

    def confirming(self, stream: Stream) -> str:
        """The by-id stream that is asked for what a complete list of another stream lacks.

        Raises:
            LookupError: no by-id stream fills the same table.
        """
        for other in self.streams:
            if other.is_by_id and other.root == stream.root:
                return other.name
        raise LookupError(f"{self.slug} has no by-id stream of {stream.root}: absence from {stream.name} means nothing")

    def stream(self, name: str) -> Stream:
        """The stream of that name.

        Raises:
            KeyError: the source has none; the message lists those it has.
        """
        for stream in self.streams:
            if stream.name == name:
                return stream
        raise KeyError(f"{self.slug} has no stream {name!r}; it has {', '.join(s.name for s in self.streams)}")

    def api_of(self, wave: str) -> str:
        """The API that a wave's streams are read from: one a wave.

        Raises:
            ValueError: its streams name several.
        """
        apis = {stream.api for stream in self.in_wave(wave)}
        if len(apis) > 1:
            raise ValueError(f"{self.slug}: the streams of the wave {wave} are of several APIs, {sorted(apis)}")
        return apis.pop()

    def in_wave(self, wave: str) -> tuple[Stream, ...]:
        """The streams of one wave, in merge order."""
        return tuple(stream for stream in self.streams if stream.wave == wave)
