"""The secrets' file: made once, closed to others, never half written."""

import base64
import json
import os
from pathlib import Path

import pytest

from stack.credentials import ROLES, SECRETS, load_secrets, password_name, write_private
from stack.errors import StackError


def test_every_secret_is_made_once_in_a_closed_file(tmp_path: Path) -> None:
    path = tmp_path / "secrets" / "secrets.json"
    before = os.umask(0)
    try:
        made = load_secrets(path)
    finally:
        os.umask(before)
    assert set(made) == set(SECRETS)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert load_secrets(path) == made
    assert len(set(made.values())) == len(made)


def test_every_role_has_a_password_and_the_fernet_key_fits() -> None:
    assert {password_name(role) for role in ROLES} <= set(SECRETS)
    assert len(base64.urlsafe_b64decode(SECRETS["AIRFLOW_FERNET_KEY"]())) == 32


def test_a_new_name_is_added_and_the_old_ones_stay(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    write_private(path, {"POSTGRES_PASSWORD": "old"})
    assert load_secrets(path)["POSTGRES_PASSWORD"] == "old"
    assert set(json.loads(path.read_text())) == set(SECRETS)


def test_an_opened_file_is_closed_again(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    made = load_secrets(path)
    path.chmod(0o644)
    assert load_secrets(path) == made
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_broken_file_is_named_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text("{")
    with pytest.raises(StackError, match="make clean"):
        load_secrets(path)
    assert path.read_text() == "{"
