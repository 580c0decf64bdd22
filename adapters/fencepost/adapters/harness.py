"""Any subject as a harness of its own: `python -m fencepost.adapters.harness stdio|http SUBJECT`."""

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import IO

from fencepost.adapters.answering import answer
from fencepost.adapters.contract import Connection, HarnessFault, SubjectError, Timeouts, open_subject
from fencepost.adapters.harness_http import ContractServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the input ends (stdio) or a signal comes; exit status 2 if the subject cannot be opened."""
    asked = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(0))
    try:
        with contextlib.closing(
            open_subject(asked.subject, timeouts=Timeouts(call=asked.call_timeout), profile=asked.profile)
        ) as connection:
            if asked.carrier == "stdio":
                serve_stdio(connection)
            else:
                serve_http(connection, port=asked.port)
    except (SubjectError, HarnessFault) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return 0
    return 0


def serve_stdio(connection: Connection) -> None:
    """Read one JSON-RPC object a line from stdin and write its answer to stdout, until the input ends.

    Other output of this process goes to stderr: stdout carries only the contract's messages.
    """
    with _only_ours() as output:
        for line in sys.stdin.buffer:
            answered = answer(line, connection.call)
            if answered is not None:
                output.write(answered + b"\n")
                output.flush()


def serve_http(connection: Connection, *, port: int) -> None:
    """JSON-RPC by POST on 127.0.0.1; the first line on stdout is the URL."""
    with ContractServer(connection, port=port) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        server.serve_forever()


@contextlib.contextmanager
def _only_ours() -> Iterator[IO[bytes]]:
    sys.stdout.flush()
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as output, contextlib.redirect_stdout(sys.stderr):
        os.dup2(sys.stderr.fileno(), 1)
        yield output


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fencepost.adapters.harness", description=__doc__)
    parser.add_argument("carrier", choices=("stdio", "http"))
    parser.add_argument("subject", help="as for the kit: NAME[:ARGS], library:PACKAGE.MODULE:NAME, stdio:COMMAND …")
    parser.add_argument("--port", type=int, default=0, help="http: the port on 127.0.0.1; 0 takes a free one")
    parser.add_argument(
        "--profile", help="open a registered adapter as this profile (reference, mutant:…, cedar, nginx)"
    )
    parser.add_argument(
        "--call-timeout", type=float, default=60.0, metavar="SECONDS", help="how long a call may take (60)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
