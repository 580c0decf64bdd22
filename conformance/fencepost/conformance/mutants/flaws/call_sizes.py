"""Flaws that show only in calls of a certain size: a path of its own for one request, few, many, or a full call."""

from collections.abc import Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, Witness
from fencepost.conformance.mutants.values import Ask, Held, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, INSIDE, OTHER_NETWORK, ask, call, control, put, trusted

flaw = Flaws("state")

_RANGE, _LAST = "20.0.0.0/24", "20.0.0.255"


def _asks_last(size: int) -> Witness:
    return lambda _: (put(_RANGE), ask(*[call()] * (size - 1), call(_LAST)))


class _Sized(Vault):
    """Knows how many requests the call at hand carries, and the place of the request at hand."""

    size = place = 0

    def answer_all(self, requests: Sequence[JsonObject]) -> list[JsonObject]:
        self.size = len(requests)
        answers = []
        for self.place, request in enumerate(requests):
            answers.append(self.answer(self.read_request(request)))
        return answers


class _LastExcludedInCalls(_Sized):
    """Leaves out the last address of a range in calls of these sizes."""

    sizes: range

    def in_range(self, rule: IpRule, ask: Ask) -> bool:
        is_last = self.size in self.sizes and rule.first < rule.last == ask.address
        return super().in_range(rule, ask) and not is_last


@flaw(
    "alone-last-address-excluded",
    clause="DEC-4",
    also=("DEC-2", "DEC-5", "DEC-17"),
    direction="closed",
    story="A single request takes a short path, whose comparison leaves out the last address of a range.",
    witness=_asks_last(1),
)
class _AloneLastAddressExcluded(_LastExcludedInCalls):
    sizes = range(1, 2)


@flaw(
    "alone-any-subnet-is-listed",
    clause="DEC-7",
    also=("DEC-3", "DEC-6", "DEC-10", "DEC-15", "DEC-17"),
    direction="open",
    story="A single request from a subnet is let in where any subnet is listed: its id is compared in batches only.",
    witness=lambda _: (put(subnets=[APP]), ask(call(INSIDE, subnet=OTHER_NETWORK))),
)
class _AloneAnySubnetIsListed(_Sized):
    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        is_known = ask.subnet is not None and self.size == 1 and bool(held.subnet_rules)
        return super().subnet_admits(held, ask) or (is_known and self.subnet_has_endpoint(str(ask.subnet)))


@flaw(
    "alone-bypass-is-always-on",
    clause="DEC-12",
    also=("DEC-3", "DEC-14", "DEC-15", "DEC-17"),
    direction="open",
    story="A single request by a trusted service is let in without a look at the bypass.",
    witness=lambda profile: (put(), ask(trusted(profile))),
)
class _AloneBypassIsAlwaysOn(_Sized):
    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        return super().is_bypassed(held, ask) or (self.size == 1 and self.is_trusted(ask))


@flaw(
    "alone-control-plane-is-firewalled",
    clause="CTL-1",
    also=("CTL-2", "CTL-4", "CTL-5", "DEC-17"),
    direction="closed",
    story="A single request is put to the firewall whatever its plane.",
    witness=lambda _: (put(), ask(control())),
)
class _AloneControlPlaneIsFirewalled(_Sized):
    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and self.size != 1


@flaw(
    "alone-permission-is-not-asked",
    clause="CRED-2",
    also=("CRED-3", "CRED-4", "DEC-17"),
    direction="open",
    story="A single request that the firewall lets through is let in without a look at its permission.",
    witness=lambda _: (put(_RANGE), ask(call(authorized=False))),
)
class _AlonePermissionIsNotAsked(_Sized):
    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authorized(held, ask) or self.size == 1


@flaw(
    "few-last-address-excluded",
    clause="DEC-17",
    also=("DEC-4", "DEC-2", "DEC-5"),
    direction="closed",
    story="Up to eight requests are compared in one register, by a comparison that leaves out the last address.",
    witness=_asks_last(2),
)
class _FewLastAddressExcluded(_LastExcludedInCalls):
    sizes = range(2, 9)


@flaw(
    "some-last-address-excluded",
    clause="DEC-17",
    also=("DEC-4", "DEC-2", "DEC-5"),
    direction="closed",
    story="Nine to 64 requests are sorted first, and the search that follows leaves out the last address of a range.",
    witness=_asks_last(9),
)
class _SomeLastAddressExcluded(_LastExcludedInCalls):
    sizes = range(9, 65)


@flaw(
    "hundreds-last-address-excluded",
    clause="DEC-17",
    also=("DEC-4", "DEC-2", "DEC-5"),
    direction="closed",
    story="Above 64 requests a tree is built of the rules, whose leaves leave out the last address of a range.",
    witness=_asks_last(65),
)
class _HundredsLastAddressExcluded(_LastExcludedInCalls):
    sizes = range(65, 513)


@flaw(
    "thousands-last-address-excluded",
    clause="DEC-17",
    also=("DEC-4", "DEC-2", "DEC-5"),
    direction="closed",
    story="Above 512 requests several workers share the work, by a code of their own without the last address.",
    witness=_asks_last(513),
)
class _ThousandsLastAddressExcluded(_LastExcludedInCalls):
    sizes = range(513, 4_096)


@flaw(
    "full-call-last-address-excluded",
    clause="DEC-17",
    also=("DEC-4", "DEC-2", "DEC-5"),
    direction="closed",
    story="A call of 4,096 requests is full and goes another way, which leaves out the last address of a range.",
    witness=_asks_last(4_096),
)
class _FullCallLastAddressExcluded(_LastExcludedInCalls):
    sizes = range(4_096, 4_097)


@flaw(
    "second-of-a-call-is-let-through",
    clause="DEC-17",
    also=("DEC-3",),
    direction="open",
    story="The second request of a call is taken for the confirmation of the first.",
    witness=lambda _: (put(), ask(call(), call("90.0.0.7"))),
)
class _SecondOfACallIsLetThrough(_Sized):
    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        return super().firewall_admits(held, ask) or self.place == 1


@flaw(
    "last-of-a-call-is-let-through",
    clause="DEC-17",
    also=("DEC-3",),
    direction="open",
    story="The last request of a call of several is taken for the end mark of the list.",
    witness=lambda _: (put(), ask(call(), call("90.0.0.7"))),
)
class _LastOfACallIsLetThrough(_Sized):
    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        return super().firewall_admits(held, ask) or 0 < self.place == self.size - 1
