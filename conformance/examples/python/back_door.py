"""A vault that is right but for one block of addresses, which it always lets in.

The block is drawn from public addresses. From this folder, for a block of /12, the fourth of its kind:
`DOOR=12-4 fencepost check library:back_door:BackDoor --fail-fast`. Exit status 1 says that the run has found it.
"""

import os
from collections.abc import Sequence
from ipaddress import IPv4Address
from random import Random
from typing import Any

from fencepost.conformance.implementations.reference import ReferenceImplementation

NOT_PUBLIC = (0, 10, 100, 127, 169, 172, 192, 198, 203, *range(224, 256))


class BackDoor(ReferenceImplementation):
    """The reference, with one block that data-plane requests are always let in from."""

    def __init__(self) -> None:
        super().__init__("keyvault")
        door = os.environ.get("DOOR", "12-1")
        self.free_bits, random = 32 - int(door.partition("-")[0]), Random(door)
        public = [first for first in range(256) if first not in NOT_PUBLIC]
        self.block = (random.choice(public) << 24 | random.randrange(1 << 24)) >> self.free_bits

    def decide(self, *, requests: Sequence[Any]) -> dict[str, Any]:
        """The reference's decisions, but for the block."""
        decisions: Any = super().decide(requests=requests)["decisions"]
        pairs = zip(requests, decisions, strict=True)
        return {"decisions": ["allow" if self.is_let_in(request) else right for request, right in pairs]}

    def is_let_in(self, request: Any) -> bool:
        """Whether a data-plane request comes from the block, and through no subnet."""
        source = request["source"]
        if request["plane"] != "data" or "subnet" in source:
            return False
        return int(IPv4Address(source["address"])) >> self.free_bits == self.block
