"""What Airflow loads of Branchline as a plugin; everything else is imported as the package `branchline`."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin
from branchline.web import PAGES, PREFIX, FrontDoor, MaskedPaths


class BranchlinePlugin(AirflowPlugin):
    """Branchline in Airflow's list of plugins: its API below /branchline, its pages in the navigation and in tabs."""

    name = "branchline"
    fastapi_apps: ClassVar[list[dict[str, Any]]] = [{"name": "branchline", "app": FrontDoor(), "url_prefix": PREFIX}]
    external_views: ClassVar[list[dict[str, Any]]] = [page.external_view for page in PAGES]
    #: In the api-server alone; it keeps the tokens of the inbox's paths out of the access log.
    fastapi_root_middlewares: ClassVar[list[dict[str, Any]]] = [
        {"name": "branchline", "middleware": MaskedPaths, "args": [], "kwargs": {}}
    ]
