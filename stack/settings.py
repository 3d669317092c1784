"""airflow_settings.yaml, the Astro CLI's file of connections, pools and variables, filled and loaded."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from stack.airflow_api import AirflowApi, Json
from stack.errors import StackError

PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
CONNECTION_KEYS = {
    "conn_id",
    "conn_type",
    "conn_host",
    "conn_schema",
    "conn_login",
    "conn_password",
    "conn_port",
    "conn_extra",
}
POOL_KEYS = {"pool_name", "pool_slot", "pool_description", "pool_include_deferred"}
VARIABLE_KEYS = {"variable_name", "variable_value"}


@dataclass
class Settings:
    """What is to be loaded, in the form of Airflow's REST API. It holds secrets."""

    connections: list[Json] = field(default_factory=list, repr=False)
    pools: list[Json] = field(default_factory=list)
    variables: list[Json] = field(default_factory=list, repr=False)


def read_settings(path: Path, values: Mapping[str, str]) -> Settings:
    """Read the file and fill its `${NAME}` placeholders.

    Args:
        path: airflow_settings.yaml.
        values: what the names stand for.

    Returns:
        Settings: ready to load.

    Raises:
        StackError: the file is not in the schema, or names something unknown; the message names the key.
    """
    try:
        document = yaml.safe_load(path.read_text())
    except OSError as missing:
        raise StackError(f"{path.name} cannot be read: {missing.strerror}. It belongs at the clone's top.") from missing
    except yaml.YAMLError as broken:
        mark = getattr(broken, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise StackError(f"{path.name}{line} is not YAML. Correct it.") from None
    top = (document or {}).get("airflow") if isinstance(document or {}, dict) else None
    if not isinstance(top, dict):
        raise StackError(f"{path.name} must begin with `airflow:` and hold connections, pools and variables below it.")
    source = _Source(path.name, values)
    settings = Settings()
    for where, entry in source.entries(top, "connections", "conn_id", CONNECTION_KEYS):
        settings.connections.append(_connection(source, where, entry))
    for where, entry in source.entries(top, "pools", "pool_name", POOL_KEYS):
        settings.pools.append(_pool(source, where, entry))
    for where, entry in source.entries(top, "variables", "variable_name", VARIABLE_KEYS):
        value = entry.get("variable_value")
        text = value if isinstance(value, str) else json.dumps(value)
        settings.variables.append({"key": entry["variable_name"], "value": source.fill(where, "variable_value", text)})
    return settings


def load_settings(api: AirflowApi, settings: Settings) -> None:
    """Load the settings into Airflow: three requests; what exists is overwritten.

    Args:
        api: a signed-in client.
        settings: what to load.
    """
    api.overwrite("/connections", settings.connections)
    api.overwrite("/pools", settings.pools)
    api.overwrite("/variables", settings.variables)


@dataclass(frozen=True)
class _Source:
    """The file being read: its name for messages, and what its placeholders stand for."""

    file: str
    values: Mapping[str, str] = field(repr=False)

    def entries(self, top: Json, section: str, identity: str, keys: set[str]) -> list[tuple[str, Json]]:
        found = []
        for number, entry in enumerate(top.get(section) or []):
            where = f"{section}[{number}]"
            if not isinstance(entry, dict):
                raise self.error(where, "", f"must be a map with {identity}")
            name = entry.get(identity)
            if name in (None, ""):
                if any(value not in (None, "") for value in entry.values()):
                    raise self.error(where, identity, "is missing")
                continue  # the Astro CLI's template holds one blank entry a section
            if unknown := sorted(set(entry) - keys):
                raise self.error(where, unknown[0], f"is not a key of {section}; known: {', '.join(sorted(keys))}")
            found.append((f"{where} ({name})", entry))
        return found

    def fill(self, where: str, key: str, value: Any) -> Any:
        """Replace the placeholders in every text of a value."""
        if isinstance(value, dict):
            return {name: self.fill(where, f"{key}.{name}", item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.fill(where, f"{key}[{number}]", item) for number, item in enumerate(value)]
        if not isinstance(value, str):
            return value

        def known(match: re.Match[str]) -> str:
            name = match.group(1)
            if name not in self.values:
                names = ", ".join(sorted(self.values))
                raise self.error(where, key, f"names ${{{name}}}, which nothing provides; known names: {names}")
            return self.values[name]

        return PLACEHOLDER.sub(known, value)

    def number(self, where: str, key: str, value: Any) -> int:
        filled = self.fill(where, key, value)
        try:
            return int(filled)
        except (TypeError, ValueError):
            raise self.error(where, key, "must be a whole number") from None

    def error(self, where: str, key: str, fact: str) -> StackError:
        return StackError(f"{self.file}: {where}{'.' if key else ''}{key} {fact}. Correct the file.")


def _connection(source: _Source, where: str, entry: Json) -> Json:
    if not entry.get("conn_type"):
        raise source.error(where, "conn_type", "is missing")
    extra = entry.get("conn_extra") or {}
    if isinstance(extra, str):
        try:
            extra = json.loads(extra)
        except ValueError:
            extra = None
    if not isinstance(extra, dict):
        raise source.error(where, "conn_extra", "must be a map, or the text of a JSON object")
    body: Json = {
        "connection_id": entry["conn_id"],
        "conn_type": str(entry["conn_type"]),
        "extra": json.dumps(source.fill(where, "conn_extra", extra)),
    }
    for key in ("conn_host", "conn_schema", "conn_login", "conn_password"):
        value = entry.get(key)
        if value not in (None, ""):
            body[key.removeprefix("conn_")] = str(source.fill(where, key, value))
    if entry.get("conn_port") not in (None, ""):
        body["port"] = source.number(where, "conn_port", entry["conn_port"])
    return body


def _pool(source: _Source, where: str, entry: Json) -> Json:
    include_deferred = entry.get("pool_include_deferred")
    return {
        "name": entry["pool_name"],
        "slots": source.number(where, "pool_slot", entry.get("pool_slot")),
        "description": str(entry.get("pool_description") or ""),
        # The Astro CLI knows no such key. A pool stands for a vendor: work that waits for it counts.
        "include_deferred": True if include_deferred is None else bool(include_deferred),
    }
