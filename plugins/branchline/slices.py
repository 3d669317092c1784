"""What one slice knows while it is fetched: the pages it lacks, the vendor's total, whether the whole can be believed.

No I/O: the pool of fetch.py asks, calls and lands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from branchline.errors import NotFound, VendorChanged
from branchline.layouts import Report
from branchline.pages import Page, Record, cut_page
from branchline.reports import cut_report
from branchline.stream import Stream
from branchline.transport import Effort

#: A vendor that sends no total is read page by page; this many pages of one slice are a loop, not data.
MOST_PAGES = 20_000


class Slice:
    """A slice of ops.sync_slices while it is fetched.

    Attributes:
        slice_id: its number.
        name: stream and scope, for people.
        priority: its class in the call budget.
        effort: calls, waiting and failure that its calls share.
        missing: numbers of the pages (places of the ids) that are not landed.
        pages_total: pages the vendor says there are, None before it said.
        total: records the vendor said last, None where it does not say.
        has_moved: whether the vendor said different totals while it was read: a row may have shifted past us.
        rereads: times it was read again because of that.
        is_closed: whether nothing more is to be done for it: all here, or failed.
    """

    def __init__(self, row: Any, stream: Stream, max_records: int | None = None, report: Report | None = None) -> None:
        """Take the ledger's row, with `pages` as the list of the landed ones.

        Args:
            row: slice_id, scope, request, priority, pages, pages_total, vendor_total, verdict, reread.
            stream: its stream.
            max_records: read no further page than holds so many records.
            report: the layouts of a stream that is a report.
        """
        self.slice_id: int = row.slice_id
        self.name = f"{stream.name} {row.scope}"
        self.priority: str = row.priority
        self.effort = Effort()
        self.pages_total: int | None = row.pages_total
        self.total: int | None = row.vendor_total
        self.has_moved = row.verdict == "short"
        self.rereads: int = row.reread
        self.is_closed = False
        self.calls_told = 0
        self._stream = stream
        self._report = report
        self._keys: list[str] | None = row.request.get("keys")
        self._place = quote(row.request.get("place", ""), safe="")
        self._params = [*stream.params, *_pairs(row.request.get("params", {}))]
        self._first = 0 if self._keys is not None else stream.paging.first if stream.paging else 1
        self._is_lacking = row.verdict == "lacking"
        self._max_records = max_records
        done = set(row.pages or ())
        self.resumed = len(done)
        self._begin(done)

    def _begin(self, done: set[int]) -> None:
        """Know what lacks, and that the other pages wait for the first call's answer."""
        if self._keys is not None:
            # Whether a landed page was an id's last one is not remembered: the one after it is asked for again.
            beyond = (number + len(self._keys) for number in done) if self._stream.paging else ()
            wanted: Iterable[int] = {*range(len(self._keys)), *beyond}
        elif self.pages_total is not None:
            wanted = range(self._first, self._first + self.pages_total)
        elif done:
            wanted = range(self._first, max(done) + 2)
        else:
            wanted = (self._first,)
        self.missing = set(wanted) - done
        self._highest = max(self.missing | done, default=self._first)
        self._waiting = sorted(self.missing)
        self._size: int | None = None
        self._rows = 0
        self._pages_seen: dict[tuple[int, int], int] = {}
        self._rows_seen: set[int] = set()

    def first_pages(self) -> list[int]:
        """The page to begin with: one alone, which tells of the others and costs a vendor in trouble one call."""
        first, self._waiting = self._waiting[:1], self._waiting[1:]
        return first

    def request(self, number: int) -> tuple[str, list[tuple[str, str]]]:
        """Path and query of a page, or of the id at that place.

        Where each id has pages, they are numbered on: the first of every id, then the second of every id, and so on.
        """
        paging, page, path = self._stream.paging, number, self._stream.path
        if self._keys is not None:
            path = path.format(key=quote(self._keys[number % len(self._keys)], safe=""), place=self._place)
            page = (paging.first if paging else 0) + number // len(self._keys)
        elif self._place:
            path = path.format(place=self._place)
        if paging is None:
            return path, self._params
        return path, [*self._params, (paging.page_param, str(page)), (paging.size_param, str(paging.size))]

    def asked(self, number: int) -> str | None:
        """The id at that place; None where pages are read."""
        return None if self._keys is None else self._keys[number % len(self._keys)]

    def read(self, number: int, body: bytes) -> Page:
        """Cut an answer into records, and doubt what contradicts the stream's promise or itself.

        Raises:
            VendorChanged: it is no page of this stream.
        """
        asked = self.asked(number)
        doing = f"Reading {self.name} page {number}" if asked is None else f"Reading {self._stream.name} {asked}"
        if self._report is not None:
            return cut_report(body, self._report, doing=doing)
        page = cut_page(body, self._stream.paging, doing=doing)
        if self._keys is not None:
            if page.is_bare != self._stream.is_list:
                raise VendorChanged(doing, "a list where one record was expected" if page.is_bare else "not a list")
        elif self._stream.paging is not None and number == self._first and not page.records:
            if page.is_bare is not self._stream.paging.is_bare:
                raise VendorChanged(
                    doing,
                    "an empty list without the envelope" if page.is_bare else "an empty list in an envelope",
                )
            if page.total:
                raise VendorChanged(doing, f"the first page is empty though the vendor counts {page.total} records")
        seen_as = self._pages_seen.get(self._digest(number, page), number) if page.records else number
        if seen_as != number:
            raise VendorChanged(doing, f"it repeats page {seen_as}: the vendor ignores the page number")
        return page

    def _digest(self, number: int, page: Page) -> tuple[int, int]:
        """What a page is known by; two ids may well have the same one."""
        whose = number % len(self._keys) if self._keys else 0
        return whose, hash(tuple(record.text or record.raw for record in page.records))

    def not_found(self, error: NotFound) -> Page:
        """The page of an id that the vendor says it does not have (T10), or of a list that the account does not have.

        Raises:
            VendorChanged: the stream is not read by id, and every account has it: its path is gone.
        """
        if self._keys is not None:
            return Page([Record(None, None, "not_found")])
        if self._stream.may_lack:
            self._is_lacking = True
            return Page([], is_bare=True)
        if self._place:
            # What is read by `newer_than` belongs to somebody who has left since the slice was planned.
            return Page([], is_bare=True)
        raise VendorChanged(error.doing, error.fact) from error

    def learn(self, number: int, page: Page) -> list[int]:
        """Take note of a page; returns the numbers that may be asked for now."""
        further, self._waiting = self._waiting, []
        if page.records:
            self._pages_seen[self._digest(number, page)] = number
        if self._keys is None:
            self._rows += len(page.records)
            if self._stream.paging is not None:
                self._rows_seen.update(hash(record.text or record.raw) for record in page.records)
            further += self._further(number, page)
        elif self._stream.paging is not None and page.is_bare and page.records:
            further += self._next_of_id(number)
        return further

    def _next_of_id(self, number: int) -> list[int]:
        """The next page of the same id: a short page proves nothing."""
        assert self._keys is not None
        if number >= MOST_PAGES * len(self._keys):
            raise VendorChanged(f"Reading {self._stream.name} {self.asked(number)}", "its list does not end")
        fresh = {number + len(self._keys)} - self.missing
        self.missing |= fresh
        return sorted(fresh)

    def _further(self, number: int, page: Page) -> list[int]:
        """The pages that this one tells of."""
        paging = self._stream.paging
        if paging is None:
            self.pages_total = 1
            return []
        if page.total is not None:
            self.has_moved = self.has_moved or (self.total is not None and self.total != page.total)
            self.total = page.total
            size = page.size or self._size or (len(page.records) if number == self._first else 0)
            self._size = size
            if size:
                wanted = page.total if self._max_records is None else min(page.total, self._max_records)
                pages = max(1, -(-wanted // size))
                self.pages_total = max(pages, self.pages_total or 0)
                return self._ask_to(self._first + pages - 1)
        if self.pages_total is not None:
            return []
        # No total: read on until an empty page or the vendor's own last mark; a short page proves nothing.
        is_enough = self._max_records is not None and self._rows >= self._max_records
        if page.records and page.is_last is not True and not is_enough:
            if number >= MOST_PAGES:
                raise VendorChanged(f"Reading {self.name}", f"page {number} is not the last")
            return self._ask_to(number + 1)
        self.pages_total = number - self._first + 1
        return []

    def _ask_to(self, last: int) -> list[int]:
        fresh = list(range(self._highest + 1, last + 1))
        self._highest = max(self._highest, last)
        self.missing.update(fresh)
        return fresh

    @property
    def doubt(self) -> str | None:
        """What a later try must know of the pages that are here, see `judge`: short, lacking or nothing."""
        return "lacking" if self._is_lacking else "short" if self.has_moved else None

    @property
    def _may_be_cut(self) -> bool:
        """Whether it ends where the vendor is said to cut a list: reading it again would tell nothing else."""
        cap = self._stream.paging.cap if self._stream.paging else None
        return cap is not None and self._keys is None and self._rows == cap and self.total is None

    @property
    def needs_count(self) -> bool:
        """Whether only the database knows how many distinct records are here: an earlier try landed some."""
        return self.resumed > 0 and self.total is not None and self._keys is None

    def judge(self, distinct: int | None = None) -> str | None:
        """What came against the vendor's total; None where it sends none, or where we were asked to end early.

        Short is a slice of which a row may have shifted past us: the total moved, or fewer records are here than it
        says (T20-T22); and one without a total that ends just where the vendor is said to cut. A surplus loses nothing:
        a row that vanished while we read.

        Args:
            distinct: distinct records that are here, where earlier tries landed some.

        Returns:
            balanced, short or over; lacking where the account does not have what the stream lists.
        """
        if self._is_lacking:
            return "lacking"
        if self._may_be_cut:
            return "short"
        if self.total is None or self._max_records is not None or self._keys is not None:
            return None
        here = len(self._rows_seen) if distinct is None else distinct
        if self.has_moved or here < self.total:
            return "short"
        return "balanced" if here == self.total else "over"

    def restart(self) -> None:
        """Forget every page: it is read once more."""
        self.rereads += 1
        self.resumed = 0
        self.pages_total = self.total = None
        self.has_moved = False
        self._begin(set())


def _pairs(params: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A query's parameters; a list is a repeated key."""
    for name, value in params.items():
        for one in value if isinstance(value, list) else [value]:
            yield name, str(one)
