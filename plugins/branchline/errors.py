"""One hierarchy of errors, ordered by remedy: what the reader has to do next.

A message has three parts: what we were doing, the fact, the verdict. The verdict belongs to the class, so two
messages of one class never disagree about the remedy, and alerts of different remedies never collapse into one.
`docs/runbook.md` has a heading for every class here.
"""

from __future__ import annotations


class BranchlineError(Exception):
    """An error with a remedy.

    Attributes:
        verdict: what the reader does next, the last sentence of every message of the class.
        is_transient: whether the same work may succeed later without anybody doing anything.
    """

    verdict = "See docs/runbook.md."
    is_transient = False

    def __init__(self, doing: str, fact: str) -> None:
        """Take what was being done and the fact that stopped it, both already free of secrets."""
        self.doing = doing
        self.fact = fact
        super().__init__(f"{doing}: {fact}. {self.verdict}")

    def __reduce__(self) -> tuple[type[BranchlineError], tuple[str, str]]:
        """Rebuild from the two parts: tasks send exceptions between processes."""
        return type(self), (self.doing, self.fact)


class TryLater(BranchlineError):
    """The vendor or the network failed for now: 429, 5xx, a timeout, a connection cut."""

    verdict = "Retrying may clear this; nothing already fetched is fetched again"
    is_transient = True


class Deferred(BranchlineError):
    """The vendor's limit or the monthly budget leaves no room for this slice now."""

    verdict = "The slice waits for the next run; what was fetched is kept"


class Reconfigure(BranchlineError):
    """A connection, a setting or a right is wrong: 401, 403, TLS, an unknown host, a bad parameter."""

    verdict = "Retrying cannot clear this: mend the connection or the setting it names, then clear the task"


class BadData(BranchlineError):
    """The vendor sent something that is not the record it promised, and old rows stay as they were."""

    verdict = "Retrying cannot clear this: look at ops.quarantine and the landed payload"


class VendorChanged(BranchlineError):
    """The vendor's contract no longer holds: another envelope, another width, HTML instead of JSON."""

    verdict = "Retrying cannot clear this: compare the answer with the vendor's contract, then mend the hook"


class ReportRefused(VendorChanged):
    """A file is not the report it should be: empty, cut, HTML, other columns. Nothing of it was written."""

    verdict = (
        "Nothing of it was loaded and the rows of the last good night stay: open the report in the vendor's system; "
        "where its columns have changed for good, add the layout to include/layouts"
    )


class WorkbookRefused(BranchlineError):
    """A workbook that somebody filled in is not what it should be: type, size, macros, sheets, headings."""

    verdict = "Nothing was changed: mend the workbook and put it into the folder again"


class NotFound(BranchlineError):
    """The vendor says that it does not have this record (any more)."""

    verdict = "The record becomes a tombstone; nothing to do"


class GuardTripped(BranchlineError):
    """A guard refused a change that looks like a loss: too many rows would vanish at once."""

    verdict = "Nothing was changed: look at the vendor, then run again with accept_shrink naming the stream"


class ChecksFailed(BranchlineError):
    """The figures are published, and the rules that they are held against say that some are wrong or missing."""

    verdict = "Do not trust the figures it names until that is mended; the next run looks again"


class Incomplete(BranchlineError):
    """A sync ended without all of its streams: the run is partial or failed, and says which."""

    verdict = "Clear the failed tasks to resume; slices that are done are not fetched again"
