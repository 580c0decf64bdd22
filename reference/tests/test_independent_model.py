"""The reference agrees with a second model, written from the announcement and the public documents alone.

CI draws some thousand combinations of rule set and request in both editions; by hand, for more:

    FENCEPOST_COMBINATIONS=1000000 python -m pytest reference/tests/test_independent_model.py
"""

import os
import random
from collections import Counter

from fencepost.reference import (
    Caller,
    Network,
    Outcome,
    Plane,
    Profile,
    Request,
    Subnet,
    Vault,
    Verdict,
    acceptable_codes,
    load_profile,
)
from independent_model import (
    DISPUTED,
    EDITIONS,
    NO_IPV4_RULE,
    OPEN_POINTS,
    PRIVATE,
    RESERVED,
    TRUSTED_IN_2018,
    Call,
    Span,
    World,
    accepts,
    codes,
    dotted,
    number,
    outcome,
    span_of,
    touches,
)

COMBINATIONS = int(os.environ.get("FENCEPOST_COMBINATIONS", "30000"))
REQUESTS_A_VAULT = 16
CONTROL = ("VaultGet", "VaultList", "VaultPut", "VaultPatch", "VaultDelete", "VaultPurge", "VaultRecover")
DATA = ("SecretGet", "SecretList", "KeyList", "KeyPurge", "KeyRecover", "CertificateDelete", "KeySign", "SecretSet")
UNTRUSTED_IN_2018 = ("App Services", "Azure DevOps", "Contoso Billing")
IN_DISPUTE = (
    "0.0.0.0/0", "0.0.0.0/1", "8.0.0.0/5", "172.0.0.0/8", "64.0.0.0/2", "192.0.2.0/24", "203.0.113.128/25",
    "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "224.0.0.0/3", "255.255.255.255",
)  # fmt: skip
"""Values that cover private or reserved space, and may come in where a choice says so."""


def subnet_id(network: str, name: str) -> str:
    group = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
    return f"{group}/providers/Microsoft.Network/virtualNetworks/{network}/subnets/{name}"


SUBNETS = tuple(subnet_id(network, name) for network in ("vnet", "vnet2") for name in ("front", "front2", "back"))
EDGES = tuple(end for span in (*PRIVATE, *RESERVED) for end in span)


def draw_address(random_: random.Random, spans: tuple[Span, ...]) -> int:
    """Near the edge of a rule, near the edge of private or reserved space, or anywhere."""
    kind = random_.randrange(10)
    near = random_.choice((-1, 0, 0, 1))
    if spans and kind < 6:
        return (random_.choice(random_.choice(spans)) + near) % 2**32
    if kind < 8:
        return (random_.choice(EDGES) + near) % 2**32
    return random_.getrandbits(32)


def draw_value(random_: random.Random, *, plain: bool) -> str:
    """A rule's value; a plain one is public, aligned and of a length that every edition accepts."""
    if plain or random_.random() < 0.5:
        while True:
            prefix = random_.choice((*range(6, 31), 32, 32, 32))
            size = 2 ** (32 - prefix)
            span = (first := random_.getrandbits(32) // size * size, first + size - 1)
            if not touches(span, (*PRIVATE, *RESERVED, *DISPUTED)):
                return dotted(first) if prefix == 32 else f"{dotted(first)}/{prefix}"
    if random_.random() < 0.1:
        return random_.choice(NO_IPV4_RULE)
    if random_.random() < 0.5:
        return random_.choice(IN_DISPUTE)
    prefix = random_.randrange(33)
    address = draw_address(random_, ())
    if random_.random() < 0.9:
        address = address >> (32 - prefix) << (32 - prefix)
    return dotted(address) if prefix == 32 and random_.random() < 0.5 else f"{dotted(address)}/{prefix}"


def draw_world(random_: random.Random) -> World:
    edition = random_.choice(EDITIONS)
    choices = {key: random_.choice(answers) for key, answers in OPEN_POINTS.items() if random_.random() < 0.5}
    if random_.random() < 0.4:
        choices |= dict.fromkeys(("private-superset", "reserved-ranges", "prefix-0"), "accept")
    if choices.get("prefix-0") == "accept":
        choices.setdefault("private-superset", random_.choice(OPEN_POINTS["private-superset"]))
    if edition == "keyvault-2018-preview":
        choices.pop("prefix-31", None)
    else:
        choices.pop("missing-service-endpoint", None)
    number_of_values = random_.choice((0, 1, 1, 2, 3, 5))
    plain = random_.random() < 0.4
    drawn = [draw_value(random_, plain=plain) for _ in range(number_of_values)]
    values = list({value if value in NO_IPV4_RULE else span_of(value)[0]: value for value in drawn}.values())
    if random_.random() < 0.001:
        most = (127 if edition == "keyvault-2018-preview" else 1000) + random_.choice((0, 1))
        values = [dotted(number("20.0.0.0") + index * 3) for index in range(most)]
    chosen = random_.sample(SUBNETS, random_.choice((0, 0, 1, 2)))
    return World(
        edition=edition,
        choices=choices,
        default_action=random_.choice(("Deny", "Deny", "Deny", "Allow")),
        bypass=random_.choice(("AzureServices", "None")),
        values=tuple(values),
        listed=tuple((random_.choice((one, one.upper(), one.lower())), random_.random() < 0.3) for one in chosen),
        endpoints={one: random_.random() < 0.8 for one in SUBNETS},
    )


def draw_call(random_: random.Random, world: World) -> Call:
    spans = tuple(span_of(value)[0] for value in world.values)
    plane, operations = random_.choice((("data", DATA), ("data", DATA), ("data", DATA), ("control", CONTROL)))
    subnet = random_.choice(SUBNETS) if random_.random() < 0.3 else None
    address = draw_address(random_, spans)
    if subnet is not None and world.endpoints[subnet]:
        first, last = random_.choice(PRIVATE)
        address = random_.randint(first, last)
    elif subnet is not None:
        while touches((address, address), PRIVATE) or touches((address, address), RESERVED):
            address = random_.getrandbits(32)
    service = random_.choice((*TRUSTED_IN_2018, *UNTRUSTED_IN_2018)) if random_.random() < 0.4 else None
    by_attribute = world.edition == "keyvault" and service is not None
    return Call(
        plane=plane,
        operation=random_.choice(operations),
        address=address,
        subnet=subnet,
        service=service,
        trusted=random_.random() < 0.5 if by_attribute else None,
        token=random_.random() < 0.8,
        permission=random_.random() < 0.8,
    )


# --- the comparison --------------------------------------------------------------------------------------------------


def profile_of(world: World) -> Profile:
    return load_profile(world.edition).with_choices(world.choices)


def vault_after(world: World) -> tuple[str, Vault | None]:
    """What the reference makes of the rule set: its verdict, and the vault with these rules where it accepts them."""
    network = Network(
        subnets=tuple(
            Subnet(id=one, service_endpoints=("Microsoft.KeyVault",) if there else ())
            for one, there in world.endpoints.items()
        )
    )
    write = (
        Vault(profile=profile_of(world))
        .reset(network)
        .put_rules(
            {
                "defaultAction": world.default_action,
                "bypass": world.bypass,
                "ipRules": [{"value": value} for value in world.values],
                "virtualNetworkRules": [
                    {"id": one, **({"ignoreMissingVnetServiceEndpoint": True} if excused else {})}
                    for one, excused in world.listed
                ],
            }
        )
    )
    verdicts = {Verdict.ACCEPTED: "accepted", Verdict.REFUSED: "refused", Verdict.OPEN: "open"}
    return verdicts[write.verdict], write.accepted if write.verdict is Verdict.ACCEPTED else None


def request_of(call: Call) -> Request:
    caller = Caller(authenticated=call.token, authorized=call.permission, service=call.service, trusted=call.trusted)
    return Request(
        plane=Plane(call.plane), operation=call.operation, address=call.address, subnet=call.subnet, caller=caller
    )


def compare(random_: random.Random, combinations: int) -> Counter[str]:
    """Draw combinations until so many were compared; the first disagreement is an `AssertionError` that shows both."""
    seen: Counter[str] = Counter()
    outcomes = {Outcome.ALLOW: "allow", Outcome.DENY: "deny", Outcome.OPEN: "open"}
    while seen["combinations"] < combinations:
        world = draw_world(random_)
        answers = accepts(world)
        expected = "open" if len(answers) > 1 else "accepted" if True in answers else "refused"
        verdict, vault = vault_after(world)
        assert verdict == expected, f"the model: {expected}, the reference: {verdict}\n{world}"
        seen[f"{world.edition} rule set {verdict}"] += 1
        for _ in range(REQUESTS_A_VAULT if vault is not None else 0):
            assert vault is not None
            call = draw_call(random_, world)
            request = request_of(call)
            got = outcomes[vault.decide(request).outcome]
            assert got == outcome(world, call), (
                f"the model: {outcome(world, call)}, the reference: {got}\n{world}\n{call}"
            )
            got_codes = acceptable_codes(request, rules=vault.rules, network=vault.network, profile=vault.profile)
            if got != "allow":
                assert got_codes == codes(world, call), f"{got_codes} != {codes(world, call)}\n{world}\n{call}"
            seen["combinations"] += 1
            seen[f"{world.edition} {got}"] += 1
    return seen


def test_an_independent_model_agrees_with_the_reference_in_both_editions() -> None:
    seen = compare(random.Random(0), COMBINATIONS)
    for edition in EDITIONS:
        for what in ("allow", "deny", "open", "rule set accepted", "rule set refused", "rule set open"):
            assert seen[f"{edition} {what}"] >= 10, (edition, what, seen)
