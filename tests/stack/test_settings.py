"""airflow_settings.yaml: filled from the secrets, refused with the key's name, loaded over what is there."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from stack.credentials import SECRETS
from stack.errors import StackError
from stack.settings import load_settings, read_settings
from stack.state import PROJECT

VALUES = {"KEY": 'a"b', "PORT": "8089"}


def read(tmp_path: Path, text: str) -> Any:
    path = tmp_path / "airflow_settings.yaml"
    path.write_text(text)
    return read_settings(path, VALUES)


def test_placeholders_are_filled_everywhere(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        """
        airflow:
          connections:
            - conn_id: vendor
              conn_type: http
              conn_host: http://127.0.0.1:${PORT}/v1
              conn_port: ${PORT}
              conn_password: ${KEY}
              conn_extra: {nested: {key: "x ${KEY}"}, rate: 5}
            - conn_id: text
              conn_type: http
              conn_extra: '{"key": "${KEY}"}'
          pools:
            - {pool_name: vendor, pool_slot: 8, pool_description: calls}
            - {pool_name: other, pool_slot: 1, pool_include_deferred: false}
          variables:
            - {variable_name: v, variable_value: "port ${PORT}"}
            - {variable_name: w, variable_value: [1, 2]}
        """,
    )
    vendor, text = settings.connections
    assert vendor["host"] == "http://127.0.0.1:8089/v1"
    assert vendor["port"] == 8089
    assert vendor["password"] == 'a"b'
    assert json.loads(vendor["extra"]) == {"nested": {"key": 'x a"b'}, "rate": 5}
    assert json.loads(text["extra"]) == {"key": 'a"b'}
    assert settings.pools == [
        {"name": "vendor", "slots": 8, "description": "calls", "include_deferred": True},
        {"name": "other", "slots": 1, "description": "", "include_deferred": False},
    ]
    assert settings.variables == [{"key": "v", "value": "port 8089"}, {"key": "w", "value": "[1, 2]"}]


def test_secrets_do_not_show_when_the_settings_are_printed(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        "airflow: {connections: [{conn_id: c, conn_type: http, conn_password: '${KEY}'}]}",
    )
    assert "a" + '"b' not in repr(settings)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "airflow: {connections: [{conn_id: c, conn_type: http, conn_password: '${NIX}'}]}",
            ["connections[0] (c).conn_password", "${NIX}", "KEY, PORT"],
        ),
        (
            "airflow: {connections: [{conn_id: c, conn_type: http, conn_extra: {a: {b: '${NIX}'}}}]}",
            ["connections[0] (c).conn_extra.a.b", "${NIX}"],
        ),
        (
            "airflow: {variables: [{variable_name: v, variable_value: '${NIX}'}]}",
            ["variables[0] (v).variable_value", "${NIX}"],
        ),
        ("airflow: {connections: [{conn_id: c}]}", ["connections[0] (c).conn_type", "missing"]),
        ("airflow: {connections: [{conn_id: c, conn_typ: http}]}", ["conn_typ ", "is not a key"]),
        ("airflow: {connections: [{conn_type: http}]}", ["connections[0].conn_id", "missing"]),
        (
            "airflow: {connections: [{conn_id: c, conn_type: http, conn_extra: '[1]'}]}",
            ["conn_extra", "JSON object"],
        ),
        ("airflow: {pools: [{pool_name: p, pool_slot: many}]}", ["pools[0] (p).pool_slot", "whole number"]),
        ("airflow: {pools: [{pool_name: p}]}", ["pools[0] (p).pool_slot", "whole number"]),
        ("airflow: [", ["is not YAML"]),
        ("{}", ["airflow:"]),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(StackError) as told:
        read(tmp_path, text)
    for word in ["airflow_settings.yaml", *words]:
        assert word in str(told.value)


def test_the_blank_entries_of_the_astro_template_are_nothing(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        """
        airflow:
          connections: [{conn_id: , conn_type: , conn_host: , conn_extra: }]
          pools: [{pool_name: , pool_slot: , pool_description: }]
          variables: [{variable_name: , variable_value: }]
        """,
    )
    assert (settings.connections, settings.pools, settings.variables) == ([], [], [])


def test_the_clones_own_file_holds_placeholders_only() -> None:
    values = {name: f"<{name}>" for name in SECRETS} | dict.fromkeys(
        ("POSTGRES_PORT", "SANDBOX_PORT", "AIRFLOW_PORT"), "1"
    )
    settings = read_settings(PROJECT / "airflow_settings.yaml", values)
    assert {"warehouse", "smartmoving", "smartmoving_leads"} <= {
        connection["connection_id"] for connection in settings.connections
    }
    for connection in settings.connections:
        # FMS's is a query with the secret folder in it
        assert re.search(r"<[A-Z_]+>", connection["password"]), (
            f"{connection['connection_id']} holds a literal password"
        )
        assert "127.0.0.1" in connection["host"]


def test_loading_overwrites_in_three_requests() -> None:
    class Recorder:
        def __init__(self) -> None:
            self.calls: list[tuple[str, int]] = []

        def overwrite(self, path: str, entities: list[Any]) -> None:
            self.calls.append((path, len(entities)))

    recorder = Recorder()
    values = dict.fromkeys([*SECRETS, "POSTGRES_PORT", "SANDBOX_PORT", "AIRFLOW_PORT"], "1")
    settings = read_settings(PROJECT / "airflow_settings.yaml", values)
    load_settings(recorder, settings)  # type: ignore[arg-type]
    assert recorder.calls == [
        ("/connections", len(settings.connections)),
        ("/pools", len(settings.pools)),
        ("/variables", len(settings.variables)),
    ]
