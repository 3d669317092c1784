"""`python -m stack`: the commands behind the Makefile."""

import argparse
import os
import signal
import sys
from types import FrameType

import psycopg

from stack.errors import StackError
from stack.options import read_environment, read_options
from stack.query import run_query
from stack.state import PROJECT, State
from stack.upkeep import clean, describe, stop

INTERRUPTED = 130


def main() -> int:
    """Run one command.

    Returns:
        int: the exit code: 0, 1 for a failure that was explained, 130 after Ctrl-C.
    """
    parser = argparse.ArgumentParser(prog="python -m stack", description="Branchline's local stack")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start everything, sync every source once, stay until Ctrl-C")
    run.add_argument("--once", action="store_true", help="end after the table; exit 0 only if all runs succeeded")
    commands.add_parser("migrate", help="bring the warehouse to the newest schema")
    commands.add_parser("dictionary", help="write the data dictionary and the diagrams anew from the migrations")
    commands.add_parser("sql", help="query the warehouse; the query comes from the variable Q, else from stdin")
    access = commands.add_parser("access", help="list, grant or revoke: rights in the local warehouse")
    access.add_argument("words", nargs=argparse.REMAINDER, help="as of python -m branchline.access")
    commands.add_parser("status", help="tell what of the stack runs")
    commands.add_parser("stop", help="stop whatever of the stack runs")
    commands.add_parser("clean", help="stop the stack and remove its state")
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    os.umask(0o077)  # whatever is written is the caller's own
    try:
        return _dispatch(arguments)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except psycopg.OperationalError as error:
        print(f"The warehouse does not answer: {str(error).strip()}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`make sql ... | head`): nothing more to say, and nothing for the exit to flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _dispatch(arguments: argparse.Namespace) -> int:
    environment = read_environment(PROJECT)
    options = read_options(environment)
    state = State.of(PROJECT)
    port = options.postgres_port
    match arguments.command:
        case "run":
            # These two import the package below plugins/; a query or a stop works even where that is broken.
            from stack.run import run_stack

            return run_stack(PROJECT, options, environment, once=arguments.once)
        case "migrate":
            from stack.migrate import migrate_warehouse

            print("\n".join(migrate_warehouse(state, port)) or "The warehouse is at its newest schema.")
        case "dictionary":
            from stack.dictionary import write_documents

            print("\n".join(write_documents(PROJECT)) or "The data dictionary says what the migrations make.")
        case "sql":
            query = environment["Q"] if "Q" in environment else sys.stdin.read()
            sys.stdout.write(run_query(state, query, port))
            sys.stdout.flush()
        case "access":
            from stack.rights import change_rights

            return change_rights(state, arguments.words, port)
        case "status":
            print(describe(state, port))
        case "stop":
            print(f"Stopped: {', '.join(stop(state, port)) or 'nothing ran'}.")
        case "clean":
            print(f"Removed: {', '.join(clean(state, port)) or 'nothing was there'}.")
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
