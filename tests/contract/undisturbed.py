"""What a run leaves that nobody disturbs, to compare with what was killed, doubled or restarted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sandbox.options import Options
from sandbox.server import running
from stack.testing import fresh_database
from tests.conftest import Warehouse
from tests.contract.killing import THE_RUN
from tests.contract.line import NOW
from tests.contract.subject import Subject


class Undisturbed:
    """One such run a line, each in a warehouse of its own, made when it is first asked for."""

    def __init__(self, cluster: Any, template: str) -> None:
        self._cluster = cluster
        self._template = template
        self._tables: dict[type[Subject], dict[str, Any]] = {}
        self._counts: dict[type[Subject], list[Any]] = {}

    def assert_same(self, line: Any) -> None:
        """The line's warehouse has the same rows, and every history row of it is balanced and a success."""
        expected, found = self._of(type(line)), line.contents()
        assert found.keys() == expected.keys()
        assert sum(map(len, expected.values())) > 20
        for table in expected:
            assert found[table] == expected[table], table
        history = "SELECT sync_type, status, records_fetched, {} FROM ops.sync_history ORDER BY sync_type"
        counted = "created + updated + unchanged + stale + quarantined + duplicates = records_fetched AS is_balanced"
        rows = line.warehouse.rows(history.format(counted))
        assert rows
        for row in rows:
            assert row.is_balanced, row
            assert row.status == "success", row

    def assert_same_counts(self, line: Any) -> None:
        """And its history counts the same records, each once."""
        self._of(type(line))
        assert _counts(line.warehouse) == self._counts[type(line)]

    def _of(self, kind: type[Subject]) -> dict[str, Any]:
        if kind not in self._tables:
            with self._run(kind) as line:
                self._tables[kind] = line.contents()
                self._counts[kind] = _counts(line.warehouse)
        return self._tables[kind]

    @contextmanager
    def _run(self, kind: type[Subject]) -> Iterator[Any]:
        chosen: Any = {"rate_per_minute": 0, "monthly_quota": 0, **kind.SANDBOX, **kind.LITTLE}
        with (
            fresh_database(self._cluster, self._template) as conninfo,
            running(Options(now=NOW, seed=7, **chosen)) as vendor,
        ):
            line = kind(Warehouse(conninfo), vendor, kind.SOURCE, kind.ACCOUNT)
            line.prepare()
            assert set(line.sync(run_id=THE_RUN).values()) == {"success"}, line.errors
            assert [row for row in _counts(line.warehouse) if row.records_fetched]
            yield line


def _counts(warehouse: Warehouse) -> list[Any]:
    return warehouse.rows("SELECT sync_type, records_fetched, created FROM ops.sync_history ORDER BY 1")


def little(make: Any, kind: type[Subject]) -> Any:
    """A line in the same world, which has not run yet."""
    line = make(**kind.LITTLE)
    line.prepare()
    return line


def finish(line: Any) -> dict[str, str]:
    """The same run again, in this process, to its end."""
    line.errors.clear()
    statuses: dict[str, str] = line.sync(run_id=THE_RUN)
    assert line.errors == []
    return statuses
