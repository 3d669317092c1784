"""What a line has to say of its source for the contract's tests to run on it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, ClassVar

from branchline.ledger import Account, SliceSpec
from branchline.request import Request
from branchline.stream import Source
from branchline.transport import Endpoint

from tests.blocks.landed import contents
from tests.contract.facts import ById, Case, Listing, Records
from tests.contract.line import Line


class Subject(Line):
    """A line that says what its source is, what it lacks, and how its faults and changes are made.

    What is abstract here, and every class attribute without a value, every source has. What raises NotImplementedError
    belongs to a capability: a source that lacks it leaves it out.
    """

    SOURCE: ClassVar[Source]
    ACCOUNT: ClassVar[Account]
    #: Options that its sandbox has, whatever a test chooses besides.
    SANDBOX: ClassVar[Mapping[str, Any]] = {}
    #: What it does not have: the capability, and why.
    LACKS: ClassVar[Mapping[str, str]]
    #: The list that faults are tried on, the table of its records, and further tables that a sync fills.
    LIST: ClassVar[Listing]
    ROOT: ClassVar[str]
    TABLES: ClassVar[tuple[str, ...]]
    #: The schemas of everything that a sync writes of the vendor's.
    SCHEMAS: ClassVar[tuple[str, ...]]
    #: Columns there that say when a row was written: no two runs agree on them.
    WRITTEN_AT: ClassVar[frozenset[str]] = frozenset()
    #: What the sandbox's everyday dirt puts into the quarantine: table, severity, reason, field.
    DIRT: ClassVar[frozenset[tuple[str, str, str, str]]] = frozenset()
    #: The stream that tells the places.
    PLACES: ClassVar[str]
    #: A stream whose answer is a bare array, and the pattern of its calls.
    BARE: ClassVar[tuple[str, str]]
    BY_ID: ClassVar[ById]
    #: A stream that is read from the vendor's own time of change on.
    CURSOR: ClassVar[str]
    #: So many slices are many.
    MANY: ClassVar[int]
    #: Options of a world whose sync is quick, and of one whose list is read place by place.
    LITTLE: ClassVar[Mapping[str, Any]]
    PLACED: ClassVar[Mapping[str, Any]]
    #: Where a process may die inside a statement: the event of a trigger, and the stream that it must be about.
    POINTS: ClassVar[Mapping[str, tuple[str, str | None]]]
    #: Its records, landed by hand.
    RECORDS: ClassVar[Records]

    @classmethod
    def has(cls, *capabilities: str) -> bool:
        """Whether it has all of them."""
        return not set(capabilities) & set(cls.LACKS)

    @classmethod
    @abstractmethod
    def world(cls, records: int = 60, slices: int = 3) -> dict[str, Any]:
        """Options of a world with about so many records in each of so many slices of the list, on pages of five."""

    @abstractmethod
    def slices(self, count: int) -> list[SliceSpec]:
        """So many slices of the list."""

    @abstractmethod
    def calls_of(self, place: int) -> str:
        """Pattern of the calls of the slice at that place."""

    @abstractmethod
    def expected(self, place: int) -> int:
        """Records that the vendor has in the slice at that place."""

    def pages(self, place: int, size: int = 5) -> int:
        """Pages that are read of the slice at that place, where the vendor gives so many records a page."""
        if not self.has("pages"):
            return 1
        return -(-self.expected(place) // size) + self.has("open_ended")

    @classmethod
    def body(cls, records: str, total: int | None = None) -> str:
        """Body of a page that is not the last one.

        Args:
            records: its records as JSON, with commas between them.
            total: what the page says of the list; None, or a vendor whose pages say nothing: nothing.
        """
        shape = cls.LIST.shape
        assert shape is not None
        if not shape.rows:
            return f"[{records}]"
        told = "" if total is None else f',"{shape.total}":{total}'
        return f'{{"{shape.rows}":[{records}]{told},"{shape.last}":false}}'

    @property
    @abstractmethod
    def one_slice(self) -> Request:
        """What reads the first slice of the list and nothing else."""

    def places(self, count: int) -> list[str]:
        """The vendor's ids of so many places."""
        raise NotImplementedError

    def by_place(self, count: int) -> list[SliceSpec]:
        """Slices of the list, one for each of `places`."""
        raise NotImplementedError

    def calls_at(self, place: int) -> str:
        """Pattern of the list's calls for the so manieth of `places`, from 0 on."""
        raise NotImplementedError

    def keys(self) -> list[str]:
        """Ids that the vendor has of what is asked for one by one, 50 at least in `world(60)`."""
        raise NotImplementedError

    def insert(self, count: int) -> None:
        """Let the vendor have so many records more in the first slice."""
        raise NotImplementedError

    def give_pages_of(self, size: int) -> None:
        """Let the vendor give smaller or larger pages from now on."""
        raise NotImplementedError

    @classmethod
    def uneven(cls, size: int) -> dict[str, Any]:
        """Options of a vendor whose pages have so many records at most, the first of them fewer."""
        raise NotImplementedError

    def ask_for_pages_of(self, size: int) -> None:
        """Ask the vendor for pages of another size from now on."""
        stream = self.source.stream(self.LIST.stream)
        assert stream.paging is not None
        asking = replace(stream, paging=replace(stream.paging, size=size))
        self.source = replace(
            self.source, streams=tuple(asking if one is stream else one for one in self.source.streams)
        )

    @abstractmethod
    def grow_old(self, minutes: int) -> datetime:
        """Let so many minutes pass at the vendor; returns the instant."""

    @abstractmethod
    def change(self) -> Case:
        """Change a record so that what is derived from it changes; returns what the warehouse must say then."""

    def remove_child(self) -> list[tuple[str, tuple[Any, ...]]]:
        """Take a part out of a merged record; returns queries of the rows that must go, with their parameters."""
        raise NotImplementedError

    @abstractmethod
    def prepare(self) -> list[tuple[str, tuple[Any, ...]]]:
        """Arrange a little world so that a sync of it has something to do in each of its waves.

        Returns:
            Queries of the rows that no list shows and that are there nevertheless then, with their parameters.
        """

    @abstractmethod
    def overlapping(self) -> dict[str, Any]:
        """How a backfill run begins that covers some of what a scheduled one reads."""

    @abstractmethod
    def held(self) -> Endpoint:
        """The endpoint with a credential in its headers, and nothing that renews it."""

    def other_headers(self) -> Mapping[str, str]:
        """Headers of a further credential that the vendor takes."""
        raise NotImplementedError

    @abstractmethod
    def expired(self) -> Endpoint:
        """The endpoint as it is when its credential has run out and cannot be renewed."""

    def secret_of(self, endpoint: Endpoint) -> str:
        """What of an endpoint no message may quote."""
        (value,) = endpoint.headers.values()
        return value.rpartition(" ")[2]

    def keys_seen(self) -> set[str]:
        """The credentials that the vendor was called with."""
        raise NotImplementedError

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """Rows by table of everything of the vendor's in the warehouse, but for when they were written."""
        found = contents(self.warehouse, schemas=self.SCHEMAS)
        if not self.WRITTEN_AT:
            return found
        return {
            table: sorted((tuple(pair for pair in row if pair[0] not in self.WRITTEN_AT) for row in rows), key=repr)
            for table, rows in found.items()
        }

    def served(self) -> int:
        """Calls that the sandbox answered and the ledgers know: signing in is in neither."""
        return int(self.vendor.control.served()["total"])
