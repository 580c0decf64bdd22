"""Networks of subnets that resemble each other."""

from collections.abc import Sequence
from itertools import islice, product
from random import Random

from fencepost.reference import Network, Subnet

NO_ENDPOINTS: Sequence[tuple[str, ...]] = (
    (),
    ("Microsoft.Storage",),
    ("microsoft.keyvault",),
    ("Microsoft.KeyVault.Global",),
    ("Microsoft.Storage", "Microsoft.Sql"),
    ("MyMicrosoft.KeyVault",),
    ("Microsoft.KeyVault2",),
    ("MICROSOFT.KEYVAULT", "Microsoft.Storage"),
    ("KeyVault", "Microsoft", "KeyVaults", "Microsoft-KeyVault", "Contoso.KeyVault"),
    ("Microsoft.KeyVault/westeurope", "Microsoft.KeyVault:westeurope", " Microsoft.KeyVault", "Microsoft.KeyVault "),
    ("Microsoft.Storage", "Microsoft.Storage"),
    ("Microsoft.Storage", "Microsoft.Sql", "Microsoft.Web", "Microsoft.EventHub", "Microsoft.KeyVault.Global"),
)
"""Endpoint lists without Key Vault's: names that only resemble it do not count."""

ENDPOINTS: Sequence[tuple[str, ...]] = (
    ("Microsoft.KeyVault",),
    ("Microsoft.Storage", "Microsoft.KeyVault"),
    ("Microsoft.KeyVault", "Microsoft.Sql"),
    ("Microsoft.KeyVault.Global", "Microsoft.KeyVault", "microsoft.keyvault"),
    ("Microsoft.Storage", "Contoso.Gateway", "Microsoft.KeyVault"),
    ("Microsoft.KeyVault", "Microsoft.Storage", "Microsoft.KeyVault"),
    ("Microsoft.Storage", "Microsoft.Sql", "Microsoft.Web", "Microsoft.EventHub", "Microsoft.KeyVault"),
    (
        *("Microsoft.Storage", "Microsoft.Sql", "Microsoft.Web", "Microsoft.EventHub", "Microsoft.ServiceBus"),
        *("Microsoft.AzureActiveDirectory", "Microsoft.CognitiveServices", "Microsoft.ContainerRegistry"),
        *("Microsoft.KeyVault", "Microsoft.AzureCosmosDB"),
    ),
)
"""Endpoint lists with Key Vault's."""

_SUBSCRIPTIONS = ("00000000-0000-0000-0000-0000000000a1", "7f1f3c52-9a0b-4c1d-8e2f-5b6a7c8d9e0f")
_LONG = "and-a-name-that-is-as-long-as-names-may-get"
_VALUES, _SHORT = 6, 5
_WORDS = ("app", "web", "data", "ops", "hub", "edge", "prod", "test")


def subnet_id(subscription: str, group: str, network: str, subnet: str) -> str:
    """The resource id of a subnet."""
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.Network/virtualNetworks/{network}/subnets/{subnet}"
    )


def subnet_ids(random: Random) -> list[str]:
    """One subnet's id, and ids that are easily mistaken for it; all different.

    They differ from it in one part or two, in the order of the parts, or in where a part ends. A part differs in its
    beginning or end, by more text before or after it, or by another separator. Others differ from each other in a
    number's zeros, or late in a long name. In the last id the names are words that every id has.
    """
    word = random.choice(_WORDS)
    group, network, subnet = f"rg-{word}", f"vnet-{word}", f"snet-{word}"
    own, other = _SUBSCRIPTIONS if random.randrange(2) else _SUBSCRIPTIONS[::-1]
    return [
        subnet_id(own, group, network, subnet),
        subnet_id(own, group, network, f"{subnet}-b"),
        subnet_id(own, group, network, "gateway"),
        subnet_id(own, group, f"{network}2", subnet),
        subnet_id(own, f"{group}2", network, subnet),
        subnet_id(other, group, network, subnet),
        subnet_id(own, group, network, subnet[:-1]),
        subnet_id(own, group, "spoke", subnet),
        subnet_id(own, group, network, f"{subnet}-{_LONG}-1"),
        subnet_id(own, group, network, f"{subnet}-{_LONG}-2"),
        subnet_id(_with_another_digit(own, -1), group, network, subnet),
        subnet_id(own, group, f"x{network}", subnet),
        subnet_id(own, group, network, f"x-{subnet}"),
        subnet_id(own, group.replace("-", ""), network, subnet),
        subnet_id(_with_another_digit(own, 0), group, network, subnet),
        subnet_id(_with_another_digit(own, 16), group, network, subnet),
        subnet_id(own, f"{group}.east", network, subnet),
        subnet_id(own, f"{group}.west", network, subnet),
        subnet_id(own, f"x{group}", network, subnet),
        subnet_id(own, group[:-1], network, subnet),
        subnet_id(own, group, network[:-1], subnet),
        subnet_id(own, group, network, subnet.replace("-", ".")),
        subnet_id(own, group, network, subnet.replace("-", "_")),
        subnet_id(own, group, network.replace("-", "."), subnet),
        subnet_id(own, group.replace("-", "_"), network, subnet),
        subnet_id(own, group, network.replace("-", "_"), subnet),
        subnet_id(own, group.replace("-", "."), network, subnet),
        subnet_id(own, group, network.replace("-", ""), subnet),
        subnet_id(own, group, network, subnet.replace("-", "")),
        subnet_id(own, group, subnet, network),
        subnet_id(own, network, group, subnet),
        subnet_id(other, f"{group}2", network, subnet),
        *(subnet_id(own, f"{group}-{_LONG}-{place}", network, subnet) for place in ("east", "west")),
        *(subnet_id(own, group, f"{network}-{_LONG}-{place}", subnet) for place in ("east", "west")),
        *(subnet_id(own, group, network, f"{subnet}-{number}") for number in ("1", "01")),
        subnet_id(own, f"{group}-vnet", word, subnet),
        subnet_id(own, group, f"{network}-snet", word),
        subnet_id(own, f"{group}{network[0]}", network[1:], subnet),
        subnet_id(own, group, f"{network}{subnet[0]}", subnet[1:]),
        subnet_id(own, "subnets", "providers", "virtualNetworks"),
    ]


def _with_another_digit(subscription: str, place: int) -> str:
    digits = list(subscription)
    digits[place] = "0" if digits[place] != "0" else "1"
    return "".join(digits)


def network(random: Random, *, some_without_endpoint: bool) -> Network:
    """A network of one subnet and similar ones; two more without the endpoint if the subject models that."""
    ids = subnet_ids(random)
    subnets = [
        Subnet(id=one, service_endpoints=random.choice(ENDPOINTS) if some_without_endpoint else ENDPOINTS[0])
        for one in ids
    ]
    if some_without_endpoint:
        offs = random.sample(range(len(NO_ENDPOINTS)), 2)
        parts = ids[0].rsplit("/", 1)[0]
        subnets += [
            Subnet(id=f"{parts}/off-{place}", service_endpoints=NO_ENDPOINTS[kind]) for place, kind in enumerate(offs)
        ]
    return Network(subnets=tuple(subnets))


def plain_subnets(count: int) -> list[str]:
    """`count` different subnet ids of one plain pattern, for lists at a limit."""
    return [subnet_id(_SUBSCRIPTIONS[0], "rg-1", "vnet-1", f"subnet-{n}") for n in range(1, count + 1)]


def long_subnets(count: int) -> list[str]:
    """`count` different subnet ids with long names, for lists at a limit: the subject must store them.

    Each part of an id has few values: the limit is the vault's, and counts neither names nor groups nor networks. Every
    fifth name is short, for a subject that callers with a longer id cannot reach.
    """
    parts = product(range(1, _VALUES + 1), range(1, _VALUES + 1), range(1, _VALUES + 1), _SUBSCRIPTIONS)
    found = []
    for number, (group, network, subnet, subscription) in enumerate(islice(parts, count)):
        name = _LONG if number % _SHORT else "x"
        found.append(subnet_id(subscription, f"rg-{name}-{group}", f"vnet-{name}-{network}", f"subnet-{name}-{subnet}"))
    return found


CASES = 4
"""The number of ways in which `other_case` changes letters."""


def other_case(random: Random, text: str, how: int | None = None) -> str:
    """The id in other letters' case: all letters, the ends of the platform's own words, or one part.

    `how`, from 0 to `CASES` - 1, selects one of these ways, in this order; without it any way is used.
    """
    how = random.randrange(CASES) if how is None else how
    if how == 0:
        return text.upper() if random.randrange(2) else text.lower()
    if how == 1:
        return text.replace("resourceGroups", "resourcegroups").replace("virtualNetworks", "VirtualNetworks")
    parts = text.split("/")
    places = [2, 4, 8, 10]
    place = random.choice(places)
    parts[place] = parts[place].upper()
    return "/".join(parts)
