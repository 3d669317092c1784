"""Which pages there are. The plugin reads it in every process of Airflow, so nothing heavy is imported here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

PREFIX = "/branchline"


@dataclass(frozen=True)
class Page:
    """A page.

    Attributes:
        name: of its module in this package, whose `show` answers it, and the last part of its address.
        title: in the navigation.
        about: one line for whoever has not seen it yet.
        destination: where Airflow shows it: its navigation, or a tab of a DAG or of a run.
        query: of the address that Airflow opens; Airflow fills in {DAG_ID} and {RUN_ID}.
    """

    name: str
    title: str
    about: str
    destination: Literal["nav", "dag", "dag_run"] = "nav"
    query: str = ""

    @property
    def path(self) -> str:
        """Its address, below the application's prefix."""
        return f"/pages/{self.name.replace('_', '-')}"

    @property
    def external_view(self) -> dict[str, Any]:
        """What Airflow's plugin mechanism is told."""
        return {
            "name": self.title,
            "href": f"{PREFIX}{self.path}{self.query}",
            "destination": self.destination,
            "url_route": f"branchline-{self.name.replace('_', '-')}",
            "category": "browse",
        }


PAGES: tuple[Page, ...] = (
    Page("health", "Sync health", "Every source and stream, what needs a person first"),
    Page("branches", "Branches by day", "Each branch's last fortnight: failed, short, silent or read"),
    Page("timeline", "Timeline", "Syncs, backfills, replays and who asked for them, the newest first"),
    Page("quarantine", "Quarantine and drift", "What was rejected and why, to be replayed or ignored for a reason"),
    Page("budget", "Call budget", "Calls of the month, credential by credential, with where their pace ends"),
    Page("freshness", "Freshness", "How old each stream is, and how far apart its reads were"),
    Page("business", "Business", "What branches, shops, groups and offices came to"),
    Page("access", "Access", "Who may see and do what, and what people did"),
    Page("dag_syncs", "Branchline syncs", "The timeline of one DAG", "dag", "?dag_id={DAG_ID}"),
    Page("run", "Branchline run", "Every record of a run accounted for", "dag_run", "?dag_id={DAG_ID}&run_id={RUN_ID}"),
)
