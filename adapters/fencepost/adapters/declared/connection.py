"""One declared adapter as a connection: deadlines, faults and masked secrets are this module's business."""

import contextlib
import time
import traceback
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from fencepost.adapters.contract.faults import HarnessFault, RpcError, TimedOut
from fencepost.adapters.contract.protocol import JsonObject, ShownMapping, Timeouts
from fencepost.adapters.declared.engine import Engine, RequestObject, Shown
from fencepost.adapters.declared.reading import Broken
from fencepost.adapters.declared.secrets import Secrets
from fencepost.adapters.jsonrpc import HARNESS_ERROR, METHOD_NOT_FOUND

Method = Callable[[JsonObject, float], JsonObject]


class DeclaredConnection:
    """Calls go to the methods of an adapter in this thread, each with a deadline. Not for several threads at once."""

    def __init__(
        self,
        engine: Engine,
        methods: Mapping[str, Method],
        *,
        secrets: Secrets,
        shown: Shown,
        bare_loop: Callable[[Sequence[RequestObject]], Callable[[], object]],
        timeouts: Timeouts,
        exclusive: bool,
    ) -> None:
        self.exclusive = exclusive
        self._engine = engine
        self._methods = methods
        self._secrets = secrets
        self._shown = shown
        self._bare_loop = bare_loop
        self._timeouts = timeouts
        self._reached = False
        self._finalizer = weakref.finalize(self, engine.close)

    def call(self, method: str, params: JsonObject) -> object:
        """Make the call; `timeouts.start` holds until the first one has been answered."""
        bound = self._methods.get(method)
        if bound is None:
            raise RpcError(method=method, expected="a result", came="no method of this file", code=METHOD_NOT_FOUND)
        seconds = self._timeouts.call if self._reached else self._timeouts.start
        try:
            result = bound(params, time.monotonic() + seconds)
        except Broken as broken:
            raise self._fault(broken, method) from None
        except TimeoutError:
            raise TimedOut(method=method, expected=f"an answer within {seconds:g} s", came="nothing") from None
        except Exception as error:  # ours: it must not end the run
            raise RpcError(
                method=method,
                expected="a result",
                came=self._secrets.hide(traceback.format_exception_only(error)[-1].strip()),
                code=HARNESS_ERROR,
                traceback=self._secrets.hide(traceback.format_exc()),
            ) from None
        self._reached = True
        return self._secrets.hidden(result)

    def mappings(self) -> Sequence[ShownMapping]:
        """For each mapping of the file that was used the first exchange that was read by it."""
        hide = self._secrets.hide
        return [
            ShownMapping(mapping=one.mapping, request=hide(one.request), output=hide(one.output))
            for one in self._shown.first.values()
        ]

    def bare_loop(self, requests: Sequence[JsonObject]) -> Callable[[], object]:
        """A loop that sends what the decisions of these requests send, under the rules in force."""
        return self._bare_loop(cast("Sequence[RequestObject]", requests))

    def log(self) -> str:
        """The end of what the tool or the service wrote to its own log."""
        return self._secrets.hide(self._engine.log())

    def close(self) -> None:
        """End whatever was started."""
        with contextlib.suppress(Exception):
            self._finalizer()

    def _fault(self, broken: Broken, method: str) -> HarnessFault:
        hide = self._secrets.hide
        return broken.kind(
            method=method, expected=hide(broken.expected), came=hide(broken.came), offending=hide(broken.offending)
        )
