"""A vault that is written and asked in turns: every caller of its world is asked after each write."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.generate import blocks, requests
from fencepost.conformance.generate.boundaries import edges
from fencepost.conformance.lockstep.wire import WireRules
from fencepost.reference import Block, Request, address_from_text, is_public, text_from_address


@dataclass(slots=True)
class Alternation:
    """A vault that is written and asked; the callers in `world` are asked after every write."""

    bench: Bench
    setting: Setting
    random: Random
    ids: Sequence[str]
    world: list[Request]

    def put(self, acls: WireRules, *, aim: str = "STA-1") -> bool:
        """Put a whole set."""
        return self.bench.put(acls, exercises=(aim,), aim=aim) and self.look(aim)

    def write(self, method: str, *, aim: str = "STA-2", **params: object) -> bool:
        """Make a single change."""
        return self.bench.write(method, params, exercises=(aim,), aim=aim) and self.look(aim)

    def unseen(self, method: str, **params: object) -> None:
        """Make a single change after which nobody is asked."""
        self.bench.write(method, params, exercises=("STA-2",), aim="STA-2")

    def switch(self, subnet: str, endpoints: Sequence[str], before: Request, after: Request) -> None:
        """Give a subnet these endpoints, with which its caller shows another address."""
        self.bench.endpoints(subnet, endpoints)
        self.world[self.world.index(before)] = after
        self.look("STA-10")

    def look(self, aim: str) -> bool:
        """Ask all callers, and read the rules."""
        self.bench.ask(self.world, exercises=dict.fromkeys(self.world, (aim,)), aim=aim)
        self.bench.read()
        return True

    def rule(self, length: int = 32) -> str:
        """A new rule; a caller inside it is asked from now on."""
        block = blocks.block(self.random, length)
        self.world.append(Request(address=block.last))
        return blocks.text(block)

    def ask_about(self, ranges: Iterable[Block]) -> None:
        """Callers at the ends of the ranges and beside them are asked from now on, and a caller inside each range."""
        found = [end for one in ranges for end in (*edges(one), self.random.randint(one.first, one.last))]
        known = {one.address for one in self.world}
        self.world += [Request(address=one) for one in dict.fromkeys(found) if one not in known and is_public(one)]

    def over_a_gap(self, text: str) -> str:
        """An address with one address between it and this one; both are asked from now on."""
        address = address_from_text(text)
        other = address ^ 2
        self.world += [Request(address=other), Request(address=min(address, other) + 1)]
        return text_from_address(other)

    def subnet(self, place: int) -> list[str]:
        """The subnet at this place, and a caller in it from now on; empty if the subject offers no subnets."""
        found = list(self.ids[place : place + 1])
        self.world += [Request(address=requests.private(self.random), subnet=one) for one in found]
        return found
