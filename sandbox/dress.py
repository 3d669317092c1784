"""Accidents of a JSON answer that no client may lean on: the order of keys, absent against null."""

from __future__ import annotations

import random
from typing import Any

from sandbox.seeds import mix, text_number


def shuffled(value: Any, seed: int) -> Any:
    """Leave out some null keys and shuffle the order of all keys, the same way for the same seed.

    Args:
        value: A value that is about to be written as JSON.
        seed: What the accidents depend on.

    Returns:
        The value as it is to be written.
    """
    if isinstance(value, dict):
        rng = random.Random(mix(seed, len(value)))
        keys = [key for key in value if value[key] is not None or rng.random() < 0.5]
        rng.shuffle(keys)
        return {key: shuffled(value[key], mix(seed, text_number(key))) for key in keys}
    if isinstance(value, list):
        return [shuffled(item, mix(seed, place)) for place, item in enumerate(value)]
    return value


def put(target: Any, path: str, value: Any) -> bool:
    """Set a field by its path, for example `jobs.0.jobDate`.

    Args:
        target: The record.
        path: Keys and positions, joined by dots.
        value: What to put there.

    Returns:
        Whether there was such a place.
    """
    *way, last = path.split(".")
    for step in way:
        if isinstance(target, dict):
            target = target.setdefault(step, {})
        elif isinstance(target, list) and step.isdigit() and int(step) < len(target):
            target = target[int(step)]
        else:
            return False
    if isinstance(target, dict):
        target[last] = value
    elif isinstance(target, list) and last.isdigit() and int(last) < len(target):
        target[int(last)] = value
    else:
        return False
    return True
