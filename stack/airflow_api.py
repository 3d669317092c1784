"""What the stack speaks of Airflow's REST API: a request costs milliseconds where the CLI costs seconds."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import requests

from stack.errors import StackError

PAGE = 100
TIMEOUT_SECONDS = 30
Json = dict[str, Any]


@dataclass
class AirflowApi:
    """A signed-in client of one api-server on loopback.

    Attributes:
        url: the server's root, without a slash at the end.
    """

    url: str
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False  # a proxy of the machine has no business with loopback

    def answers(self) -> bool:
        """Tell whether the server answers."""
        with contextlib.suppress(requests.RequestException):
            return self.session.request("GET", f"{self.url}/api/v2/version", timeout=5).ok
        return False

    def sign_in(self, user: str, password: str) -> None:
        """Sign in for all further requests.

        Raises:
            StackError: the login is refused.
        """
        token = self._call("POST", "/auth/token", {"username": user, "password": password})["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: Any) -> Json:
        """Return one answer of `/api/v2`."""
        return self._call("GET", f"/api/v2{path}", query=query)

    def pages(self, path: str, key: str, **query: Any) -> Iterator[Json]:
        """Yield the items of every page of a list."""
        offset = 0
        while True:
            answer = self.get(path, limit=PAGE, offset=offset, **query)
            items = list(answer[key])
            yield from items
            offset += len(items)
            if not items or offset >= int(answer["total_entries"]):
                return

    def post(self, path: str, body: Json) -> Json:
        """Post to `/api/v2`."""
        return self._call("POST", f"/api/v2{path}", body)

    def patch(self, path: str, body: Json) -> Json:
        """Patch in `/api/v2`."""
        return self._call("PATCH", f"/api/v2{path}", body)

    def overwrite(self, path: str, entities: list[Json]) -> None:
        """Create entities in one request, overwriting those that exist.

        Raises:
            StackError: one of them is refused; none of their contents is repeated.
        """
        if not entities:
            return
        action = {"action": "create", "entities": entities, "action_on_existence": "overwrite"}
        created = self.patch(path, {"actions": [action]}).get("create") or {}
        if created.get("errors"):
            reasons = "; ".join(str(error.get("error", "refused")) for error in created["errors"])
            raise StackError(f"Airflow refused some {path.strip('/')}: {reasons}. Correct airflow_settings.yaml.")

    def _call(self, method: str, path: str, body: Json | None = None, query: Mapping[str, Any] | None = None) -> Json:
        try:
            answer = self.session.request(method, f"{self.url}{path}", json=body, params=query, timeout=TIMEOUT_SECONDS)
        except requests.RequestException as failure:
            # the request itself may hold secrets: only the kind of failure is named
            raise StackError(
                f"Airflow's api-server did not answer {method} {path} ({type(failure).__name__}). Look at its log."
            ) from None
        if not answer.ok:
            raise StackError(f"Airflow refused {method} {path}: HTTP {answer.status_code} {_reason(answer)}")
        return dict(answer.json()) if answer.content else {}


def segment(name: str) -> str:
    """Return a name as one segment of a path; run ids hold `+` and `:`."""
    return quote(name, safe="")


def _reason(answer: requests.Response) -> str:
    """Say why without repeating what was sent: validation errors quote their input."""
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return ""
    if isinstance(detail, str):
        return detail
    if isinstance(detail, list):
        return "; ".join(f"{'.'.join(map(str, item.get('loc', [])))}: {item.get('msg', '')}" for item in detail)
    return ""
