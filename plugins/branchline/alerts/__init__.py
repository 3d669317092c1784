"""Alerts: a cause is noted once, and told to whoever is to know, when it is new, worse, a day old or over."""

from branchline.alerts.callbacks import deadline_missed, describe_failure, in_order, round_of_telling, task_failed

__all__ = ["deadline_missed", "describe_failure", "in_order", "round_of_telling", "task_failed"]
