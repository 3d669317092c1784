"""The API as Airflow serves it: its own auth manager, middlewares and mounting of plugins, in this process."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from psycopg.conninfo import conninfo_to_dict
from starlette.testclient import TestClient

PROJECT = Path(__file__).resolve().parents[2]
PREFIX = "/branchline"
BUNDLE = "dags-folder"


def connection_json(conninfo: str, **changes: Any) -> str:
    """What AIRFLOW_CONN_<ID> holds for a libpq connection string."""
    parts = conninfo_to_dict(conninfo) | changes
    return json.dumps(
        {
            "conn_type": "postgres",
            "host": parts["host"],
            "port": int(parts["port"]),
            "schema": parts["dbname"],
            "login": parts["user"],
            "password": parts["password"],
        }
    )


def url_of(conninfo: str) -> str:
    """What SQLAlchemy calls a libpq connection string."""
    parts = conninfo_to_dict(conninfo)
    password = quote(str(parts["password"]), safe="")
    return f"postgresql+psycopg2://{parts['user']}:{password}@{parts['host']}:{parts['port']}/{parts['dbname']}"


@dataclass
class Front:
    """Airflow with the plugin, and everybody's password."""

    client: TestClient
    app: Any
    passwords: Mapping[str, str]
    _tokens: dict[str, str] = field(default_factory=dict)

    def token(self, user: str) -> str:
        """A token that Airflow gave for the user's password."""
        if user not in self._tokens:
            answer = self.client.post("/auth/token", json={"username": user, "password": self.passwords[user]})
            assert answer.status_code == 201, answer.text
            self._tokens[user] = answer.json()["access_token"]
        return self._tokens[user]

    def get(self, user: str | None, path: str, *, headers: Mapping[str, str] | None = None, **query: Any) -> Any:
        """An answer of the API, asked by a user or by nobody; `path` with or without the prefix."""
        sent = dict(headers or {})
        if user is not None:
            sent["Authorization"] = f"Bearer {self.token(user)}"
        url = path if path.startswith(PREFIX) else PREFIX + path
        return self.client.get(url, headers=sent, params=query or None)

    def post(
        self, user: str | None, path: str, *, headers: Mapping[str, str] | None = None, json: Any = None, **query: Any
    ) -> Any:
        """An answer of the API to what a user, or nobody, posts."""
        sent = dict(headers or {})
        if user is not None:
            sent["Authorization"] = f"Bearer {self.token(user)}"
        return self.client.post(PREFIX + path, headers=sent, params=query or None, json=json)

    def items(self, user: str, path: str, **query: Any) -> list[dict[str, Any]]:
        """The whole list, page by page."""
        found: list[dict[str, Any]] = []
        answer = self.get(user, path, **query)
        while True:
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page["items"]
            if page["next"] is None:
                return found
            answer = self.get(user, page["next"])

    def airflow(self, method: str, path: str, user: str = "super", **more: Any) -> Any:
        """What Airflow's own API answers to somebody, as a document."""
        headers = {"Authorization": f"Bearer {self.token(user)}"}
        answer = self.client.request(method, f"/api/v2{path}", headers=headers, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def runs(self) -> list[dict[str, Any]]:
        """Every run there is, of whatever DAG, the newest first."""
        found: list[dict[str, Any]] = self.airflow("GET", "/dags/~/dagRuns?limit=1000&order_by=-id")["dag_runs"]
        return found


@contextmanager
def airflow_with_plugin(home: Path, users: Mapping[str, str], conninfo: str, metadata: str) -> Iterator[Front]:
    """Airflow's own application around the plugin, on `metadata`, an empty database of its own.

    Everything is put together by Airflow: the plugin is found in the plugins folder and mounted at its prefix, its
    public API stands beside it with the project's DAGs, SimpleAuthManager signs people in, and its middleware
    refreshes cookies. No scheduler runs: what is triggered stays queued.

    Args:
        home: a folder of its own.
        users: everybody who may sign in, with his role in Airflow.
        conninfo: the warehouse, as the api.
        metadata: for Airflow itself.
    """
    passwords = {user: f"password of {user}" for user in users}
    (home / "passwords.json").write_text(json.dumps(passwords), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in users.items()),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url_of(metadata),
            "AIRFLOW__API_AUTH__JWT_SECRET": "only in tests, and as long as a key of HS512 has to be: sixty-four bytes",
            "AIRFLOW_CONN_WAREHOUSE_API": connection_json(conninfo),
            "AIRFLOW_CONN_SMARTMOVING": json.dumps({"conn_type": "http", "extra": {"monthly_calls": 20000}}),
        }.items():
            patch.setenv(name, value)
        from airflow import plugins_manager, settings
        from airflow.api_fastapi import app as airflow_api
        from airflow.models import import_all_models
        from airflow.models.base import Base

        def afresh() -> None:
            settings.configure_vars()
            settings.configure_orm()
            for cached in (plugins_manager._get_plugins, plugins_manager.get_fastapi_plugins):
                cached.cache_clear()
            airflow_api.purge_cached_app()

        afresh()
        try:
            import_all_models()
            Base.metadata.create_all(settings.engine)
            write_dags()
            app = airflow_api.create_app(apps="core")
            with TestClient(app, raise_server_exceptions=False) as client:
                yield Front(client, mounted(app), passwords)
        finally:
            settings.dispose_orm()
            patch.undo()
            afresh()


def write_dags() -> None:
    """The project's DAGs as Airflow's DAG processor leaves them, unpaused."""
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.db import synchronize_log_template
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session() as session:
        synchronize_log_template(session=session)
        session.add(DagBundleModel(name=BUNDLE))
    sync_bag_to_db(DagBag(PROJECT / "dags", safe_mode=False, bundle_name=BUNDLE), BUNDLE, None)
    with create_session() as session:
        session.execute(update(DagModel).values(is_paused=False))


def mounted(app: Any) -> Any:
    """The application that stands below the plugin's prefix."""
    (door,) = (route.app for route in app.routes if getattr(route, "path", "") == PREFIX)
    return door.app
