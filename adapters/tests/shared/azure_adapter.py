"""The adapter `azure:` opened against a server of our own, and what the tests ask it."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from fencepost.adapters.azure_server.background import Running, running
from fencepost.adapters.azure_server.server import Options
from fencepost.adapters.contract import Implementation, JsonObject

NET = "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/Net/providers/Microsoft.Network"
FRONT, BACK = (f"{NET}/virtualNetworks/Vnet/subnets/{name}" for name in ("Front", "back"))
DENY: JsonObject = {
    "bypass": "None",
    "defaultAction": "Deny",
    "ipRules": [{"value": "20.1.2.3"}],
    "virtualNetworkRules": [],
}
Opened = Callable[..., tuple[Any, Running]]


def openings(target: Path) -> Iterator[Opened]:
    """What opens the adapter against a new server; both are ended after the test."""
    from fencepost.adapters.azure_client import open_adapter

    with contextlib.ExitStack() as stack:

        def open_both(opener: Any = None, **options: Any) -> tuple[Any, Running]:
            given = {"trust_test_headers": True, **options}
            server = stack.enter_context(running(Options(target=target, **given), opener=opener))
            adapter = cast("Any", open_adapter(str(target)))
            stack.callback(adapter.shutdown)
            return adapter, server

        yield open_both


def ask(
    address: str, *, plane: str = "data", operation: str = "SecretGet", subnet: str | None = None, **caller: object
) -> JsonObject:
    source = {"address": address, **({} if subnet is None else {"subnet": subnet})}
    return {"plane": plane, "operation": operation, "source": source, "caller": caller}


def outcomes(adapter: Implementation, *requests: JsonObject) -> list[tuple[object, ...]]:
    decisions = cast("list[dict[str, object]]", adapter.decide(requests=requests)["decisions"])
    return [tuple(one[key] for key in ("outcome", "status", "code") if key in one) for one in decisions]
