"""Match addresses by one of Python's libraries: `match.py NAME` reads lines and answers each with a line.

`rules RANGE …` is answered with `ok` or `refused: …`, `ask ADDRESS` with `yes` or `no`. `match.py NAME version` prints
the library's version.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

Contains = Callable[[str], bool]


def _ipaddress(ranges: Sequence[str]) -> Contains:
    import ipaddress

    networks = [ipaddress.IPv4Network(text) for text in ranges]
    return lambda address: any(ipaddress.IPv4Address(address) in network for network in networks)


def _netaddr(ranges: Sequence[str]) -> Contains:
    import netaddr

    held = netaddr.IPSet(ranges)
    return lambda address: address in held


def _pytricia(ranges: Sequence[str]) -> Contains:
    import pytricia

    tree = pytricia.PyTricia(32)
    for text in ranges:
        tree.insert(text, True)
    return lambda address: address in tree


def _radix(ranges: Sequence[str]) -> Contains:
    import radix

    tree = radix.Radix()
    for text in ranges:
        tree.add(text)
    return lambda address: tree.search_best(address) is not None


def _subnet_tree(ranges: Sequence[str]) -> Contains:
    import SubnetTree

    tree = SubnetTree.SubnetTree()
    for text in ranges:
        tree[text] = text
    return lambda address: address in tree


def _casbin(ranges: Sequence[str]) -> Contains:
    import casbin

    model = casbin.Model()
    for section, key, value in (
        ("r", "r", "sub"),
        ("p", "p", "sub"),
        ("e", "e", "some(where (p.eft == allow))"),
        ("m", "m", "ipMatch(r.sub, p.sub)"),
    ):
        model.add_def(section, key, value)
    enforcer = casbin.Enforcer(model)
    enforcer.add_policies([[text] for text in dict.fromkeys(ranges)])
    return lambda address: bool(enforcer.enforce(address))


LIBRARIES = {
    "ipaddress": _ipaddress,
    "netaddr": _netaddr,
    "pytricia": _pytricia,
    "py-radix": _radix,
    "pysubnettree": _subnet_tree,
    "casbin": _casbin,
}


def main(name: str) -> None:
    """Answer lines until there are no more."""
    contains: Contains = bool
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "ask":
            answer = "yes" if contains(rest[0]) else "no"
        else:
            try:
                contains, answer = LIBRARIES[name](rest), "ok"
            except Exception as error:  # each library raises its own for a text that it does not take
                answer = f"refused: {error!r}"
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[2:]:
        sys.stdout.write(sys.version.split()[0] if sys.argv[1] == "ipaddress" else version(sys.argv[1]))
    else:
        main(sys.argv[1])
