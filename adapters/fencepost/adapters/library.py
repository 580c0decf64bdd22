"""The carrier `library:PACKAGE.MODULE:NAME`: a Python object in its own thread, called with copies of the values."""

import contextlib
import weakref
from collections.abc import Callable
from functools import partial
from typing import cast

from fencepost.adapters import jsonrpc
from fencepost.adapters.calling import invoke, make, shut_down
from fencepost.adapters.contract.faults import HarnessFault, MalformedResult, NotStarted, SubjectError, TimedOut
from fencepost.adapters.contract.protocol import Connection, JsonObject, Timeouts
from fencepost.adapters.naming import adapter_factory, factory_of, makes_connections
from fencepost.adapters.worker import Overdue, Worker

_LEAVE = 2.0


def connect(address: str, *, timeouts: Timeouts) -> Connection:
    """A connection to the object of that name, or to the object that a class or factory of that name makes.

    The object is made at once, so that a wrong name is a `SubjectError` here; any other failure to make it is the
    answer to the first call.
    """
    connection = LibraryConnection(factory_of(address), timeouts=timeouts)
    connection.open()
    return connection


def connect_adapter(name: str, args: str, *, profile: str | None, timeouts: Timeouts) -> Connection:
    """As `connect`, to what the registered adapter of this name makes; see `fencepost.adapters.contract.Adapter`."""
    if makes_connections(name):
        return cast("Connection", adapter_factory(name, args, profile=profile, timeouts=timeouts)())
    connection = LibraryConnection(adapter_factory(name, args, profile=profile), timeouts=timeouts)
    connection.open()
    return connection


def connect_factory(factory: Callable[[], object], *, timeouts: Timeouts) -> "LibraryConnection":
    """A connection to the object that the factory makes, at the first call and again after a time-out."""
    return LibraryConnection(factory, timeouts=timeouts)


class LibraryConnection:
    """An implementation that is a Python object. After a time-out its thread and its object are abandoned.

    Python cannot end a thread: a hanging thread stays until it returns, and then its object gets `shutdown`. A call
    that hangs inside an extension module without releasing the interpreter lock cannot be timed out.
    """

    def __init__(self, factory: Callable[[], object], *, timeouts: Timeouts) -> None:
        self._factory = factory
        self._timeouts = timeouts
        self._live: _Live | None = None
        self._pending: HarnessFault | None = None

    @property
    def exclusive(self) -> bool:
        """The object's attribute `exclusive`; False if it has none or cannot be made."""
        with contextlib.suppress(SubjectError):
            self.open()
        return self._live is not None and bool(getattr(self._live.subject, "exclusive", False))

    def open(self) -> None:
        """Make the object if there is none.

        A wrong name raises `SubjectError`; other faults are raised by the next call.
        """
        if self._live is None and self._pending is None:
            try:
                self._ready()
            except HarnessFault as fault:
                self._pending = fault

    def call(self, method: str, params: JsonObject) -> object:
        """Call the method of that name in snake_case."""
        if self._pending is not None:
            fault, self._pending = self._pending, None
            raise fault
        try:
            live = self._ready()
        except SubjectError as error:
            raise NotStarted(method=method, expected="an implementation", came=str(error)) from None
        return self._send(live, method, params)

    def another(self) -> "LibraryConnection":
        """A connection to the same object with its own thread; only this connection shuts the object down.

        After a time-out it gets a new object of its own, as any connection does.
        """
        subject = self._ready().subject
        other = LibraryConnection(self._factory, timeouts=self._timeouts)
        other._live = _Live(Worker("implementation, shared"), subject, farewell=_nothing)
        return other

    def log(self) -> str:
        """The empty text: an object in this process has no log of its own."""
        return ""

    def close(self) -> None:
        """Call `shutdown` if the object has it, wait for that at most two seconds, end the thread."""
        if self._live is not None:
            self._live.end()
            self._live = None

    def _ready(self) -> "_Live":
        if self._live is None:
            self._live = self._start()
        return self._live

    def _start(self) -> "_Live":
        worker, seconds = Worker("implementation"), self._timeouts.start
        try:
            subject = worker.run(partial(make, self._factory, SubjectError), seconds)
        except BaseException as error:
            worker.stop(_nothing, 0.0)
            if not isinstance(error, Overdue):
                raise
            raise TimedOut(method="start", expected=f"an implementation within {seconds:g} s", came="nothing") from None
        return _Live(worker, subject, farewell=partial(shut_down, subject))

    def _send(self, live: "_Live", method: str, params: JsonObject) -> object:
        seconds = self._timeouts.call
        job = partial(invoke, live.subject, method, jsonrpc.to_json(params))
        try:
            answer = live.worker.run(job, seconds)
        except HarnessFault:
            raise
        except BaseException as error:  # This includes an interrupt: the thread is still busy.
            live.give_up()
            self._live = None
            if not isinstance(error, Overdue):
                raise
            raise TimedOut(method=method, expected=f"an answer within {seconds:g} s", came="nothing") from None
        try:
            return jsonrpc.from_json(answer)
        except ValueError as error:
            raise MalformedResult(method=method, expected="plain JSON values", came=str(error)) from None


class _Live:
    """An object and its thread; both end when this value is collected or the interpreter exits."""

    def __init__(self, worker: Worker, subject: object, *, farewell: Callable[[], None]) -> None:
        self.worker = worker
        self.subject = subject
        self._farewell = farewell
        self._finalizer = weakref.finalize(self, worker.stop, farewell, _LEAVE)

    def end(self) -> None:
        """Call `shutdown` and wait for it at most two seconds."""
        self._finalizer()

    def give_up(self) -> None:
        """Abandon the thread: it calls `shutdown` when the hanging call returns, if ever."""
        self._finalizer.detach()
        self.worker.stop(self._farewell, 0.0)


def _nothing() -> None:
    """The last job of a connection that does not own its object."""
