"""What engines that are not asked over HTTP share: `python -m fencepost.adapters.engines.vantage PROBE …`.

It enters a network namespace in which every address is local, starts a daemon there, and answers the lines of a `cli:`
file with `way = "stays"`. A line `rules MARK` has the rules applied: `ok` or `refused: …`. A line `ask ADDRESS` has a
probe sent from that address: `allow`, `deny` or `inconclusive`. With `--subnets` the line is `ask ADDRESS SUBNET`, and
the probe comes in by the interface of that subnet.
"""

import argparse
import contextlib
import os
import secrets
import shlex
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from fencepost.adapters import any_ip
from fencepost.adapters.engines.interfaces import ENGINE, Interfaces

_SECONDS = 5.0
_PAUSE = 0.005

Probe = Callable[[str, int, str], str]
"""From an address, a port and a mark to `allow`, `deny` or `inconclusive`."""


@dataclass(kw_only=True, eq=False)
class NoAnswer(Exception):
    """The engine answered a probe with something that is neither a permission nor a denial."""

    came: str

    def __str__(self) -> str:
        """The answer that came."""
        return self.came


def tcp(address: str, port: int, mark: str) -> str:  # noqa: ARG001 - every probe is given the mark
    """A connection: made, or refused by a packet filter that rejects."""
    return _of_connection(lambda: any_ip.connect_from(address, (any_ip.HOST, port), seconds=_SECONDS))


def _of_connection(connect: Callable[[], socket.socket]) -> str:
    try:
        connect().close()
    except any_ip.NotFromHere:
        return "inconclusive"
    except ConnectionRefusedError:
        return "deny"
    return "allow"


def dns(address: str, port: int, mark: str) -> str:  # noqa: ARG001
    """A question over UDP for the TXT record of vault.test: answered, or REFUSED."""
    if any_ip.is_replaced(address):
        return "inconclusive"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.settimeout(_SECONDS)
        one.bind((address, 0))
        one.connect((any_ip.HOST, port))
        number = secrets.token_bytes(2)
        one.send(number + b"\0\0\0\1\0\0\0\0\0\0\5vault\4test\0\0\x10\0\1")
        answer = one.recv(4096)
    code = answer[3] & 15
    if answer[:2] != number or code not in (0, 5):
        raise NoAnswer(came=f"a DNS answer {answer!r}")
    return "deny" if code else "allow"


def postgres(address: str, port: int, mark: str) -> str:  # noqa: ARG001
    """A start-up packet of PostgreSQL for the database `vault`: let in, or rejected by pg_hba.conf."""
    return _started(address, port, "vault")


def postgres_mark(address: str, port: int, mark: str) -> str:
    """The same for the database `mark…`, which pg_hba.conf lets everybody into once it is in force."""
    return _started(address, port, f"mark{mark}")


def _started(address: str, port: int, database: str) -> str:
    words = b"user\0caller\0database\0" + database.encode("ascii") + b"\0\0"
    try:
        with any_ip.connect_from(address, (any_ip.HOST, port), seconds=_SECONDS) as one:
            one.sendall(struct.pack("!ii", len(words) + 8, 196608) + words)
            answer = one.recv(4096)
    except any_ip.NotFromHere:
        return "inconclusive"
    if answer[:1] == b"R":
        return "allow"
    if answer[:1] == b"E" and b"\0C28000\0" in answer:
        return "deny"
    raise NoAnswer(came=repr(answer))


PROBES: Mapping[str, tuple[Probe, Probe]] = {
    "tcp": (tcp, tcp), "dns": (dns, dns), "postgres": (postgres, postgres_mark),
}  # fmt: skip
"""By name: the probe for decisions, and the probe that shows that the daemon is up, with `--settled` by `allow`."""


class Vantage:
    """The engine inside the namespace: its daemon, what applies its rules, and the probe that asks it."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._ask, self._mark = PROBES[options.probe]
        self._daemon: subprocess.Popen[bytes] | None = None
        self._in_force = ""
        self._interfaces: Interfaces | None = None
        self._pool = ThreadPoolExecutor(options.parallel) if options.parallel > 1 else None

    def open(self) -> None:
        """Run the set-up commands; listen where the engine is a packet filter and nothing else would."""
        if self._options.subnets:
            self._interfaces = Interfaces()
        else:
            any_ip.enter()
        for command in self._options.setup:
            subprocess.run(shlex.split(command), check=True, stdout=sys.stderr)
        if self._options.listen:
            host = ENGINE if self._options.subnets else any_ip.HOST
            listener = socket.create_server((host, self._options.port), backlog=1024)
            threading.Thread(target=_accept, args=(listener,), daemon=True).start()

    def put(self, mark: str) -> str:
        """Apply the rules, or start the daemon anew with them; wait until they are in force."""
        options = self._options
        if options.daemon is not None and (options.apply is None or self._daemon is None):
            self._restart()
        elif options.apply is not None:
            done = subprocess.run(shlex.split(options.apply), capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return f"refused: {' '.join((done.stderr or done.stdout).split())}"
        until = time.monotonic() + _SECONDS
        while options.daemon is not None and not self._is_up(mark):
            if time.monotonic() > until:
                return f"error: the rules {mark} are not in force after {_SECONDS:g} s"
            time.sleep(_PAUSE)
        self._in_force = mark
        return "ok"

    def answer(self, asked: str) -> str:
        """The answer to one question."""
        address, _, subnet = asked.partition(" ")
        interfaces, port = self._interfaces, self._options.port
        try:
            if interfaces is not None:
                return _of_connection(lambda: interfaces.connect(address, subnet, port, _SECONDS))
            return self._ask(address, self._options.port, self._in_force)
        except (OSError, NoAnswer) as error:
            return f"error: {error!r}"

    def answers(self, lines: Iterable[str]) -> Iterator[str]:
        """An answer a line, in order; neighbouring questions are asked side by side."""
        for word, group in groupby((line.partition(" ") for line in lines), key=itemgetter(0)):
            rests = [rest for _, _, rest in group]
            if word != "ask":
                yield from map(self.put, rests)
            else:
                yield from map(self.answer, rests) if self._pool is None else self._pool.map(self.answer, rests)

    def _is_up(self, mark: str) -> bool:
        if self._daemon is not None and self._daemon.poll() is not None:
            sys.exit(f"the daemon has ended with exit status {self._daemon.returncode}")
        with contextlib.suppress(OSError, NoAnswer):
            answer = self._mark(any_ip.HOST, self._options.port, mark)
            return answer == "allow" or not self._options.settled
        return False

    def close(self) -> None:
        """End the daemon."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()

    def _restart(self) -> None:
        self.close()
        self._daemon = subprocess.Popen(shlex.split(self._options.daemon), stdout=sys.stderr, stdin=subprocess.DEVNULL)


def _accept(listener: socket.socket) -> None:
    while True:
        with contextlib.suppress(OSError):
            listener.accept()[0].close()


def main() -> None:
    """Answer lines until there are no more."""
    parser = argparse.ArgumentParser(prog="vantage", description=__doc__)
    parser.add_argument("probe", choices=PROBES)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--setup", action="append", default=[], metavar="COMMAND", help="run once, first")
    parser.add_argument("--subnets", action="store_true", help="callers of each subnet come in by an interface (tcp)")
    parser.add_argument("--listen", action="store_true", help="listen on the port, for an engine that does not")
    parser.add_argument("--daemon", metavar="COMMAND", help="what is running; started anew for each rule set")
    parser.add_argument("--apply", metavar="COMMAND", help="applies the rules; the daemon then goes on running")
    parser.add_argument("--settled", action="store_true", help="rules are in force once the probe's mark is allowed")
    parser.add_argument("--parallel", type=int, default=1)
    vantage = Vantage(parser.parse_args())
    held = b""
    with contextlib.closing(vantage):
        vantage.open()
        while chunk := os.read(0, 1 << 16):
            *whole, held = (held + chunk).split(b"\n")
            answers = vantage.answers(line.decode("utf-8") for line in whole)
            sys.stdout.write("".join(f"{answer}\n" for answer in answers))
            sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except (any_ip.NoNamespace, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
