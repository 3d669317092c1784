"""TCP ports on loopback: a free one, and a clear word about a taken one."""

import contextlib
import socket

import psutil

from stack.errors import StackError

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT is no obstacle
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def require_free(port: int, variable: str, what: str) -> None:
    """Make sure that a port can be used.

    Args:
        port: the port on 127.0.0.1.
        variable: the setting that chooses it.
        what: the program that is to listen there.

    Raises:
        StackError: something listens there, or the port may not be used.
    """
    if not is_free(port):
        raise StackError(
            f"{what} cannot listen on 127.0.0.1:{port}: {_holder(port)}. "
            f"Choose another port, for example `make run {variable}={_another(port)}`, "
            "or end what uses this one."
        )


def _another(port: int) -> int:
    for candidate in range(port + 1, min(port + 100, 65536)):
        if candidate > 1024 and is_free(candidate):
            return candidate
    return free_port()


def _holder(port: int) -> str:
    with contextlib.suppress(psutil.Error, OSError):
        for connection in psutil.net_connections("tcp"):
            address = connection.laddr
            if connection.status == psutil.CONN_LISTEN and address and address.port == port and connection.pid:
                name = psutil.Process(connection.pid).name()
                return f"the port is taken by {name} (pid {connection.pid})"
    if port < 1024:
        return "ports below 1024 belong to root"
    return "the port is taken by another program"
