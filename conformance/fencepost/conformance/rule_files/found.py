"""What a file holds: the rules of a vault, and what decides beside them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

NEVER_SET_UP: Mapping[str, object] = MappingProxyType({"bypass": "AzureServices", "defaultAction": "Allow"})
"""The rules of a vault without `networkAcls`: its firewall lets every caller through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSubnet:
    """A subnet that a file defines, with its service endpoints, or the reason why they are `unknown`.

    An unknown subnet without a name stands for every subnet of its network.
    """

    id: str
    service_endpoints: tuple[str, ...] = ()
    unknown: str = ""

    def is_for(self, subnet: str) -> bool:
        """Whether the id of a subnet is this subnet's, or that of a subnet of a network whose subnets are unknown."""
        mine = self.id.lower()
        return subnet.lower().startswith(mine) if mine.endswith("/") else subnet.lower() == mine


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRules:
    """The rules of one vault, as the contract spells them, and where in its file they stand (a JSON path).

    `vault` is the vault's name, where the file names it, and `address` its resource id or Terraform's address.
    `faults` are the reasons for which the rules cannot be judged. `notes` name what the reader passed over. `subnets`
    are those that the same file defines. `is_stored` is True of rules that are in force already: nothing refuses them.
    `spelling` has the file's own name for each member of `networkAcls` where a client's form has another name: its
    lists hold texts then, and no objects.
    """

    network_acls: object
    path: str
    vault: str | None = None
    address: str | None = None
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    subnets: tuple[OwnSubnet, ...] = ()
    is_stored: bool = False
    spelling: Mapping[str, str] = field(default_factory=dict)

    def place(self, path: str) -> str:
        """Where in the file stands what has this path in `network_acls`.

        >>> FoundRules(network_acls=None, path="$.network_acls[0]", spelling={"ipRules": "ip_rules"}).place(
        ...     "$.ipRules[3].value"
        ... )
        '$.network_acls[0].ip_rules[3]'
        """
        below = path.removeprefix("$")
        steps = _STEPS.fullmatch(below)
        own = self.spelling.get(steps[1]) if steps is not None else None
        return f"{self.path}{below}" if steps is None or own is None else f"{self.path}.{own}{steps[2] or ''}"


_STEPS = re.compile(r"\.(\w+)(\[\d+\])?(?:\.\w+)?")
