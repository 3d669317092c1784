"""What a source can say of itself: what it has and lacks, the list that faults are tried on, records landed by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from branchline.merge import Counts

from sandbox.vendor import PageShape
from tests.blocks.landed import Bench, Landed

#: What a source may have, each with what it means. A test names what it needs; a line names what it lacks, and why.
CAPABILITIES = {
    "slices": "a list is read in several slices, of which one may fail and the others not",
    "pages": "a slice is read page by page, by number",
    "totals": "a page tells how many records the list has",
    "open_ended": "nothing tells how many pages a list has but the empty one after the last",
    "sizes": "the vendor gives smaller pages than it is asked for, and says so",
    "json": "answers and records are JSON",
    "bare": "some list comes as a bare array",
    "absence": "what a complete list no longer has is missed",
    "by_id": "records are asked for one by one, by their ids",
    "places": "a list is read place by place",
    "money": "records carry amounts",
    "booleans": "records carry booleans",
    "codes": "records carry codes of which we know the vocabulary",
    "days": "records carry local dates",
    "required_day": "a record without its date is none",
    "instants": "records carry instants",
    "local_days": "the local date of a record follows from an instant and its place's zone",
    "windows": "a list is read for local dates",
    "cursor": "a list is read from the vendor's own time of change on",
    "stamps": "records carry the vendor's own time of change",
    "names": "records name their place, they do not carry its id",
    "children": "a record fills child tables",
    "references": "a record names others by id that no list may show",
    "derived": "something is derived from what was merged",
    "credentials": "a call carries a credential, which may run out",
    "keys": "the vendor tells which credential a call came with",
}


@dataclass(frozen=True)
class Listing:
    """The list that faults are tried on.

    Attributes:
        stream: the stream's name.
        route: its route as the sandbox counts it.
        calls: pattern of its calls.
        sized: pattern of those of them that ask for a whole page.
        shape: how the vendor calls the parts of a page's envelope, nothing where the page is a bare array; None where a
            slice is one answer.
        text: a text of each record.
        spare: a field of each record that may be anything.
        others: calls of the route in a whole run that are not of this list, or only ask about it.
        key: what of a landed record is its id.
        foreign: what a message says of a login page that comes instead.
    """

    stream: str
    route: str
    calls: str
    sized: str
    shape: PageShape | None
    text: str
    spare: str
    others: int = 0
    key: str = "id"
    foreign: str = "NotJSON"


@dataclass(frozen=True)
class ById:
    """The records that are asked for one by one.

    Attributes:
        stream: a stream whose answer is one record.
        calls: pattern of the calls of all such streams.
        wrong: stream and body of answers that are no answer to such a call.
    """

    stream: str
    calls: str
    wrong: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Case:
    """Records landed by hand, and what the warehouse then says.

    Attributes:
        stream: the stream that they come by.
        records: as the vendor sends them.
        ask: a query of one row.
        found: its columns.
        keys: ids that were asked for, where the stream is by id.
    """

    stream: str
    records: tuple[Any, ...]
    ask: str
    found: Any
    keys: tuple[str, ...] | None = None

    def take(self, bench: Bench) -> Counts:
        """Land and merge them."""
        return bench.take(self.stream, list(self.records), keys=self.keys)

    def check(self, bench: Bench) -> None:
        """The warehouse says what it should."""
        assert bench.one(self.ask) == self.found


@dataclass(frozen=True)
class Records:
    """A source's records landed by hand: how a bench is made, what is sent, and what must be found then.

    Attributes:
        bench: opens a bench on a warehouse, by its connection string.
        text: lands a text wherever a record has one, and returns what the warehouse has there.
        money: lands a record with that amount; returns the counts and the cents, None where there are none.
        amounts: amounts as they may be sent, with their cents.
        no_amounts: what is no amount.
        not_money: the reason that its record is put aside for.
        lines: a child table of the record that `money` lands.
        words: numbers and booleans that come as text.
        maybe: a boolean that is none, with the field it was sent for.
        unknown: codes that nobody knows, with the subjects that drift then names.
        version: a record in its first, second, ... version; each has another text but the same stamp.
        told: a query of the version that the warehouse has, as the text tells it.
        stamped: the same with the vendor's own time of change.
        day: lands a record with that local date; returns the date that is found, or None.
        days: dates as they may be sent, with what is found.
        required: lands a record with the date that it must have; returns the counts, the date that is found and the
            field that is complained of.
        required_days: such dates as they may be sent, with what is found.
        required_field: the field that is complained of.
        no_days: what is no such date.
        instant: lands a record with that instant; returns the instant that is found, or None.
        instants: instants as they may be sent, with what is found.
        no_instants: what is no instant.
        local: lands records with these instants at a place of that zone; returns their local dates.
        listed: lands a complete list of the records of these numbers, as it was at an instant.
        missed: a query of the records that the last such list made us miss.
        lost: lets the vendor say at an instant that it does not have the records of these numbers, where it is asked.
        gone: a query of the tombstones.
    """

    bench: Callable[[str], AbstractContextManager[Bench]]
    text: Callable[[Bench, str], list[str]]
    version: Callable[[int], Case]
    told: str
    money: Callable[[Bench, Any], tuple[Counts, int | None]] | None = None
    amounts: tuple[tuple[Any, int | None], ...] = ()
    no_amounts: tuple[Any, ...] = ()
    not_money: str = "not_money"
    lines: str = ""
    words: tuple[Case, ...] = ()
    maybe: tuple[Case, str] | None = None
    unknown: tuple[Case, tuple[str, ...]] | None = None
    stamped: Callable[[int, datetime], Case] | None = None
    day: Callable[[Bench, Any], date | None] | None = None
    days: tuple[tuple[Any, date | None], ...] = ()
    required: Callable[[Bench, Any], tuple[Counts, date | None, str | None]] | None = None
    required_days: tuple[tuple[Any, date], ...] = ()
    required_field: str = ""
    no_days: tuple[Any, ...] = ()
    instant: Callable[[Bench, Any], datetime | None] | None = None
    instants: tuple[tuple[Any, datetime | None], ...] = ()
    no_instants: tuple[Any, ...] = ()
    local: Callable[[Bench, str, list[datetime]], list[date]] | None = None
    listed: Callable[[Bench, Sequence[int], datetime], Landed] | None = None
    missed: str = ""
    lost: Callable[[Bench, Sequence[int], datetime], None] | None = None
    gone: str = ""
