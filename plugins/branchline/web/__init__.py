"""What is served over HTTP: the API on the warehouse, behind Airflow's own sign-in."""

from branchline.web.door import FrontDoor

__all__ = ["FrontDoor"]
