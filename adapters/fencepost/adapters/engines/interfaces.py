"""Callers on interfaces of their own: each subnet reaches the engine by a veth pair, and so does everybody else.

The engine is in one network namespace, the callers in another, in which every IPv4 address is local. Two subnets with
the same private range are distinguished by the interface that their packets come in by. Answers go back by that
interface, since the kernel marks a connection with its number.
"""

import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import get_native_id

from fencepost.adapters import any_ip
from fencepost.adapters.declared.rule_text import digest

ENGINE = "198.51.100.250"
"""The address of the engine: no caller can have it."""

_NEXT = "198.51.100.249"
_HERE, _THERE = "02:00:00:00:00:01", "02:00:00:00:00:02"
_MARKS = """
table ip marks {
    map numbers { type ifname : mark; }
    chain incoming { type filter hook prerouting priority -300; meta mark set iifname map @numbers; }
}
"""
_SWITCHES = {
    "tcp_fwmark_accept": "1", "fwmark_reflect": "1", "conf/all/rp_filter": "0", "conf/default/rp_filter": "0",
    "conf/all/accept_local": "1", "conf/default/accept_local": "1", "conf/all/route_localnet": "1",
    "conf/default/route_localnet": "1",
}  # fmt: skip


def interface_of(subnet: str) -> str:
    """The interface by which callers from a subnet come in; the empty text stands for no subnet.

    >>> interface_of("/subscriptions/S/subnets/front") == interface_of("/subscriptions/s/subnets/FRONT")
    True
    """
    return f"s{digest(subnet.lower())}" if subnet else "outside"


class Interfaces:
    """The two namespaces. The thread that makes it is in the engine's from then on, `inside` works in the callers'."""

    def __init__(self) -> None:
        any_ip.enter_empty()
        _switch()
        any_ip.run_ip(["link set lo up", f"addr add {ENGINE}/32 dev lo"])
        _nft(_MARKS)
        self._callers = ThreadPoolExecutor(1)
        self._thread = self._callers.submit(_enter_callers).result()
        self._known: dict[str, int] = {}

    def connect(self, address: str, subnet: str, port: int, seconds: float) -> socket.socket:
        """A connection from the address, by the interface of the subnet; as `any_ip.connect_from`."""
        name = interface_of(subnet)
        if name not in self._known:
            self._make(name)
        return self._callers.submit(
            any_ip.connect_from, address, (ENGINE, port), seconds=seconds, interface=name
        ).result()

    def _make(self, name: str) -> None:
        """A veth pair: both ends have the same name, one in each namespace."""
        number, table = len(self._known) + 1, len(self._known) + 1001
        pair = f"link add {name} address {_HERE} type veth peer name {name} address {_THERE} netns {self._thread}"
        back = f"rule add fwmark {number} lookup {table}"
        way = f"route add default via {_NEXT} dev {name} onlink table {table}"
        # Neighbours are written down: asked for, one a caller, they would soon fill the kernel's table.
        neighbour = f"neigh add {_NEXT} lladdr {_THERE} dev {name} nud permanent"
        any_ip.run_ip([pair, f"link set {name} up", back, way, neighbour])
        _nft(f"add element ip marks numbers {{ {name} : {number} }}")
        there = [
            f"link set {name} up",
            f"route append {ENGINE}/32 dev {name} metric {number}",
            f"neigh add {ENGINE} lladdr {_HERE} dev {name} nud permanent",
        ]
        self._callers.submit(any_ip.run_ip, there).result()
        self._known[name] = number


def _enter_callers() -> int:
    any_ip.enter()
    _switch()
    return get_native_id()


def _switch() -> None:
    for name, value in _SWITCHES.items():
        Path("/proc/sys/net/ipv4", name).write_text(value, encoding="ascii")


def _nft(text: str) -> None:
    subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)
