"""The timeline of one DAG, as a tab of it."""

from __future__ import annotations

from branchline.web.views.timeline import show

__all__ = ["show"]
