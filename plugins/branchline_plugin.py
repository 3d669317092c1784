"""What Airflow loads of Branchline as a plugin; everything else is imported as the package `branchline`."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin


class BranchlinePlugin(AirflowPlugin):
    """Branchline in Airflow's list of plugins."""

    name = "branchline"
