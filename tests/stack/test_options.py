"""A person's choices: environment, then .env, then the default."""

from pathlib import Path

import pytest

from stack.errors import StackError
from stack.options import Options, read_environment, read_options
from stack.state import PROJECT


def test_nothing_chosen_is_the_default() -> None:
    assert read_options({"AIRFLOW_PORT": "", "SANDBOX_SCALE": " "}) == Options()


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("# ports\n\nAIRFLOW_PORT=18080\nexport SANDBOX_PORT='18089'\nQUERY=\"a=b\"\n")
    monkeypatch.setenv("AIRFLOW_PORT", "28080")
    environment = read_environment(tmp_path)
    options = read_options(environment)
    assert (options.airflow_port, options.sandbox_port) == (28080, 18089)
    assert environment["QUERY"] == "a=b"


@pytest.mark.parametrize("value", ["0", "65536", "x", "-1", "80 80"])
def test_a_port_that_is_none_is_named(value: str) -> None:
    with pytest.raises(StackError, match="AIRFLOW_PORT"):
        read_options({"AIRFLOW_PORT": value})


def test_two_programs_cannot_share_a_port() -> None:
    with pytest.raises(StackError, match="SANDBOX_PORT=8080"):
        read_options({"SANDBOX_PORT": "8080"})


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nnonsense\n")
    with pytest.raises(StackError, match="line 2"):
        read_environment(tmp_path)


def test_the_example_names_every_choice_with_its_default() -> None:
    text = (PROJECT / ".env.example").read_text()
    for name, default in vars(Options()).items():
        assert f"# {name.upper()}={default}\n" in text
