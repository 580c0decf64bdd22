"""The server in a thread of this process: what the pytest fixture and the tests ask."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fencepost.adapters.azure_server.server import Options, Server, serving
from fencepost.adapters.contract import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers; `log` holds a line a request."""

    server: Server
    loop: asyncio.AbstractEventLoop
    log: list[str]

    def context(self) -> ssl.SSLContext:
        """A client's TLS context that trusts the server, and nobody else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=self.server.certificates)
        return context


@contextlib.contextmanager
def running(options: Options, *, opener: Callable[[], Connection] | None = None) -> Iterator[Running]:
    """The server, in a thread of its own while the block runs. What keeps it from beginning is raised here."""
    started: list[Running | BaseException] = []
    is_up, stop, log = threading.Event(), threading.Event(), list[str]()

    async def serve() -> None:
        async with serving(options, log=log.append, opener=opener) as server:
            started.append(Running(server=server, loop=asyncio.get_running_loop(), log=log))
            is_up.set()
            while not stop.is_set():
                await asyncio.sleep(0.02)

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            if started:
                raise
            started.append(error)
        finally:
            is_up.set()

    thread = threading.Thread(target=run, name="azure server", daemon=True)
    thread.start()
    is_up.wait()
    outcome = started[0]
    if isinstance(outcome, BaseException):
        thread.join()
        raise outcome
    try:
        yield outcome
    finally:
        stop.set()
        thread.join()
