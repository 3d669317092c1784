"""What is served over HTTP: API and pages behind Airflow's own sign-in, the inbox of webhooks behind its secrets."""

from branchline.web.door import FrontDoor
from branchline.web.masking import MaskedPaths
from branchline.web.views.registry import PAGES, PREFIX

__all__ = ["PAGES", "PREFIX", "FrontDoor", "MaskedPaths"]
