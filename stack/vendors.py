"""The sandbox: every vendor as one local server."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from stack.errors import StackError
from stack.options import Options
from stack.ports import require_free
from stack.process import Child, spawn
from stack.state import State

READY_SECONDS = 60


# The sandbox's variable for each vendor's key, and the secret it is set to.
KEYS = {
    "SANDBOX_SMARTMOVING_KEYS": "SMARTMOVING_API_KEY",
    "SANDBOX_PROVIDER_KEY": "SMARTMOVING_PROVIDER_KEY",
    "SANDBOX_TEKMETRIC_ID": "TEKMETRIC_CLIENT_ID",
    "SANDBOX_TEKMETRIC_SECRET": "TEKMETRIC_CLIENT_SECRET",
    "SANDBOX_TEKMETRIC_SHOP_TOKEN": "TEKMETRIC_SHOP_TOKEN",
    "SANDBOX_FMS_FOLDER": "FMS_REPORTS_FOLDER",
    "SANDBOX_GEOCODER_KEY": "GEOCODER_API_KEY",
    "SANDBOX_ARRIVY_KEY": "ARRIVY_AUTH_KEY",
    "SANDBOX_ARRIVY_TOKEN": "ARRIVY_AUTH_TOKEN",
}
CALLS_PER_MINUTE = 6000  # as the local connections say, not the vendors' own 120 and 600: a first sync is not to wait


def start_sandbox(
    project: Path,
    state: State,
    options: Options,
    secrets: Mapping[str, str],
    inherited: Mapping[str, str],
) -> Child:
    """Start the sandbox without waiting for it.

    Args:
        project: the clone.
        state: its state folder.
        options: port, seed and scale.
        secrets: the generated secrets, of which it gets the vendors' keys alone.
        inherited: the environment of this process and the clone's `.env`.

    Returns:
        Child: the process.

    Raises:
        StackError: its port is taken.
    """
    require_free(options.sandbox_port, "SANDBOX_PORT", "The vendors' sandbox")
    command = [sys.executable, "-m", "sandbox", "--port", str(options.sandbox_port)]
    command += ["--seed", str(options.sandbox_seed), "--scale", options.sandbox_scale]
    command += ["--rate-per-minute", str(CALLS_PER_MINUTE), "--tekmetric-rate-per-minute", str(CALLS_PER_MINUTE)]
    keys = {variable: secrets[name] for variable, name in KEYS.items()}
    # A pipe would have to be emptied for the sandbox's whole life: its output goes to a log, which is read.
    return spawn(state, "sandbox", command, {**inherited, **keys, "PYTHONUNBUFFERED": "1"}, project)


def write_workbooks(project: Path, state: State) -> None:
    """Put sample workbooks into the watched folder, unless somebody has put something there.

    Raises:
        StackError: they could not be written.
    """
    if any(state.workbooks.iterdir()):
        return
    command = [sys.executable, "-m", "sandbox.fms.workbooks", str(state.workbooks)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"The sample workbooks could not be written to {state.workbooks}:\n{done.stderr}")


def await_sandbox(child: Child) -> None:
    """Wait until the sandbox says that it serves.

    Raises:
        StackError: it ended, or said nothing in time.
    """
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if _is_ready(child.log):
            return
        child.require_alive()
        time.sleep(0.1)
    raise StackError(
        f"The sandbox was not ready within {READY_SECONDS} s. Its log, {child.log}, ends:\n{child.last_words()}"
    )


def _is_ready(log: Path) -> bool:
    for line in log.read_text(errors="replace").splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if isinstance(said, dict) and "port" in said:
            return True
    return False
