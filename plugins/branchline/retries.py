"""Whether Airflow tries a task again: the error's own verdict, not a count alone."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.sdk import RetryDecision, RetryPolicy

from branchline.errors import BranchlineError

if TYPE_CHECKING:
    from airflow.sdk import Context

_FIRST_SECONDS = 30.0
_LONGEST_SECONDS = 600.0


class ByRemedy(RetryPolicy):
    """Try again what may clear by itself, at a moment of its own; fail at once what somebody has to mend.

    Airflow's own jitter has no map index in it, so mapped siblings would come back together.
    """

    def evaluate(
        self,
        exception: BaseException,
        try_number: int,
        max_tries: int,
        context: Context | None = None,
    ) -> RetryDecision:
        """Decide by the error's class; what is not ours and not the database's follows the task's own settings."""
        del context
        if isinstance(exception, BranchlineError) and not exception.is_transient:
            return RetryDecision.fail(reason=exception.verdict)
        import psycopg  # here, not above: DAG files import this module

        if isinstance(exception, BranchlineError | psycopg.OperationalError):
            ceiling = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2 ** (try_number - 1))
            seconds = random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreading load, not a secret
            return RetryDecision.retry(
                timedelta(seconds=seconds),
                reason=f"try {try_number} of {max_tries}: {type(exception).__name__}",
            )
        return RetryDecision.default()
