"""What is served over HTTP: the API on the warehouse and the pages, behind Airflow's own sign-in."""

from branchline.web.door import FrontDoor
from branchline.web.views.registry import PAGES, PREFIX

__all__ = ["PAGES", "PREFIX", "FrontDoor"]
