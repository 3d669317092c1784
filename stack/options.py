"""What a person may choose: environment first, then the clone's `.env`, then the default."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError


@dataclass(frozen=True)
class Options:
    """The choices of one run; `.env.example` describes each."""

    airflow_port: int = 8080
    postgres_port: int = 54329
    sandbox_port: int = 8089
    sandbox_seed: int = 7
    sandbox_scale: str = "small"
    airflow_parallelism: int = 8
    run_timeout: int = 1800


def read_environment(project: Path) -> dict[str, str]:
    """Join the clone's `.env` and the environment, which wins.

    Args:
        project: the clone.

    Returns:
        dict[str, str]: every variable.
    """
    return _read_env_file(project / ".env") | os.environ


def read_options(environment: Mapping[str, str]) -> Options:
    """Take the stack's choices out of an environment; an empty variable counts as not set.

    Args:
        environment: names in capitals, as in `.env.example`.

    Returns:
        Options: checked.

    Raises:
        StackError: a value that cannot be used; the message names it.
    """
    defaults = Options()
    numbers = {}
    for name, lowest, highest in (
        ("airflow_port", 1, 65535),
        ("postgres_port", 1, 65535),
        ("sandbox_port", 1, 65535),
        ("sandbox_seed", 0, 2**31 - 1),
        ("airflow_parallelism", 1, 64),
        ("run_timeout", 1, 86_400),
    ):
        value = environment.get(name.upper(), "").strip() or str(getattr(defaults, name))
        if not value.isdecimal() or not lowest <= int(value) <= highest:
            raise StackError(
                f"{name.upper()}={value} is not a number from {lowest} to {highest}. Set it anew or unset it."
            )
        numbers[name] = int(value)
    ports = {name: value for name, value in numbers.items() if name.endswith("_port")}
    if len(set(ports.values())) < len(ports):
        named = ", ".join(f"{name.upper()}={value}" for name, value in ports.items())
        raise StackError(f"Two programs cannot share a port: {named}. Give each its own.")
    scale = environment.get("SANDBOX_SCALE", "").strip() or defaults.sandbox_scale
    return Options(sandbox_scale=scale, **numbers)


def _read_env_file(path: Path) -> dict[str, str]:
    """Read NAME=value lines; comments, blanks and an `export` in front are allowed, nothing is expanded."""
    if not path.is_file():
        return {}
    found = {}
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        text = line.strip().removeprefix("export ").strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip().isidentifier():
            raise StackError(f"{path.name}, line {number}: expected NAME=value. Correct the line or put # before it.")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found[name.strip()] = value
    return found
