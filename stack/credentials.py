"""The local stack's secrets: generated once, kept in one file that only its owner can read."""

import base64
import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from stack.errors import StackError

ROLES = (
    "branchline_migrator",
    "branchline_loader",
    "branchline_reader",
    "branchline_api",
    "branchline_operator",
)

# What the sandbox's vendors ask for.
VENDOR_KEYS = (
    "SMARTMOVING_API_KEY",
    "SMARTMOVING_PROVIDER_KEY",
    "TEKMETRIC_CLIENT_ID",
    "TEKMETRIC_CLIENT_SECRET",
    "TEKMETRIC_SHOP_TOKEN",
    "FMS_REPORTS_FOLDER",
    "GEOCODER_API_KEY",
    "ARRIVY_AUTH_KEY",
    "ARRIVY_AUTH_TOKEN",
)


def _word() -> str:
    return secrets.token_urlsafe(24)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def _long_word() -> str:
    return secrets.token_urlsafe(64)


def password_name(role: str) -> str:
    """Return the name under which the password of a database role is kept."""
    return f"{role.upper()}_PASSWORD"


SECRETS: dict[str, Callable[[], str]] = {
    "POSTGRES_PASSWORD": _word,
    "AIRFLOW_DATABASE_PASSWORD": _word,
    **{password_name(role): _word for role in ROLES},
    "AIRFLOW_FERNET_KEY": _fernet_key,
    "AIRFLOW_JWT_SECRET": _long_word,
    "AIRFLOW_API_SECRET_KEY": _long_word,
    "AIRFLOW_ADMIN_PASSWORD": _word,
    **dict.fromkeys(VENDOR_KEYS, _word),
}


def load_secrets(path: Path) -> dict[str, str]:
    """Read the secrets and generate those that are missing.

    Args:
        path: the file that keeps them.

    Returns:
        dict[str, str]: every name of SECRETS with its value.

    Raises:
        StackError: the file holds something else.
    """
    known: dict[str, str] = {}
    if path.exists():
        try:
            known = dict(json.loads(path.read_text()))
        except (ValueError, TypeError) as broken:
            raise StackError(f"{path} cannot be read as secrets. Start afresh with `make clean`.") from broken
    missing = {name: generate() for name, generate in SECRETS.items() if name not in known}
    if missing or (path.exists() and path.stat().st_mode & 0o077):
        write_private(path, known | missing)
    return known | missing


def write_private(path: Path, content: Mapping[str, str]) -> None:
    """Write a JSON file that nobody else can read at any moment; a crash leaves the old one.

    Args:
        path: the file.
        content: what it holds.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(json.dumps(content, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
