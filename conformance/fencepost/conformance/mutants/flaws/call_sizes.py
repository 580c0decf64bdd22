"""Flaws that show only in calls of a certain size: a path of its own for one request, few, many, or a full call."""

from collections.abc import Mapping, Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, Mutant, shown_by
from fencepost.conformance.mutants.values import Ask, Held, IpRule
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import (
    APP,
    HERE,
    INSIDE,
    OTHER_NETWORK,
    ask,
    call,
    control,
    endpoints,
    put,
    trusted,
    update,
)

flaw = Flaws("state")

_RANGE, _LAST = "20.0.0.0/24", "20.0.0.255"
_SHARED = 256
"""In calls of more requests than this, workers decide."""


class _Sized(Vault):
    """Knows how many requests the call at hand carries, and the place of the request at hand."""

    size = place = 0

    def answer_all(self, requests: Sequence[JsonObject]) -> list[JsonObject]:
        self.size = len(requests)
        answers = []
        for self.place, request in enumerate(requests):
            answers.append(self.answer(self.read_request(request)))
        return answers


def _last_excluded(name: str, sizes: range, story: str, *, clauses: str = "DEC-17 DEC-4 DEC-2 DEC-5") -> Mutant:
    """The mutant that leaves out the last address of a range in calls of these sizes."""

    class LastExcluded(_Sized):
        def in_range(self, rule: IpRule, ask: Ask) -> bool:
            is_last = self.size in sizes and rule.first < rule.last == ask.address
            return super().in_range(rule, ask) and not is_last

    LastExcluded.__doc__ = story
    shown = shown_by(lambda _: (put(_RANGE), ask(*[call()] * (sizes.start - 1), call(_LAST))))
    return flaw(name, clauses, "closed")(shown(LastExcluded))


_ALONE = _last_excluded(
    "alone-last-address-excluded",
    range(1, 2),
    "A single request takes a short path, whose comparison leaves out the last address of a range.",
    clauses="DEC-4 DEC-2 DEC-5 DEC-17",
)


@flaw("alone-any-subnet-is-listed", "DEC-7 DEC-3 DEC-6 DEC-10 DEC-15 DEC-17", "open")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=OTHER_NETWORK)))
class _AloneAnySubnetIsListed(_Sized):
    """A single request from a subnet is let in where any subnet is listed: its id is compared in batches only."""

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        is_known = ask.subnet is not None and self.size == 1 and bool(held.subnet_rules)
        return super().subnet_admits(held, ask) or (is_known and self.subnet_has_endpoint(str(ask.subnet)))


@flaw("alone-bypass-is-always-on", "DEC-12 DEC-3 DEC-14 DEC-15 DEC-17", "open")
@shown_by(lambda profile: (put(), ask(trusted(profile))))
class _AloneBypassIsAlwaysOn(_Sized):
    """A single request by a trusted service is let in without a look at the bypass."""

    def is_bypassed(self, held: Held, ask: Ask) -> bool:
        return super().is_bypassed(held, ask) or (self.size == 1 and self.is_trusted(ask))


@flaw("alone-control-plane-is-firewalled", "CTL-1 CTL-2 CTL-4 CTL-5 DEC-17", "closed")
@shown_by(put(), ask(control()))
class _AloneControlPlaneIsFirewalled(_Sized):
    """A single request is put to the firewall whatever its plane."""

    def is_control(self, held: Held, ask: Ask) -> bool:
        return super().is_control(held, ask) and self.size != 1


@flaw("alone-permission-is-not-asked", "CRED-2 CRED-3 CRED-4 DEC-17", "open")
@shown_by(put(_RANGE), ask(call(authorized=False)))
class _AlonePermissionIsNotAsked(_Sized):
    """A single request that the firewall lets through is let in without a look at its permission."""

    def is_authorized(self, held: Held, ask: Ask) -> bool:
        return super().is_authorized(held, ask) or self.size == 1


_FEW = _last_excluded(
    "few-last-address-excluded",
    range(2, 9),
    "Up to eight requests are compared in one register, by a comparison that leaves out the last address.",
)
_SOME = _last_excluded(
    "some-last-address-excluded",
    range(9, 65),
    "Nine to 64 requests are sorted first, and the search that follows leaves out the last address of a range.",
)
_HUNDREDS = _last_excluded(
    "hundreds-last-address-excluded",
    range(65, 513),
    "Above 64 requests a tree is built of the rules, whose leaves leave out the last address of a range.",
)
_THOUSANDS = _last_excluded(
    "thousands-last-address-excluded",
    range(513, 4_096),
    "Above 512 requests several workers share the work, by a code of their own without the last address.",
)
_FULL = _last_excluded(
    "full-call-last-address-excluded",
    range(4_096, 4_097),
    "A call of 4,096 requests is full and goes another way, which leaves out the last address of a range.",
)


@flaw("full-call-forgets-allow", "DEC-17 DEC-1", "closed")
@shown_by(put(default="Allow"), ask(*[call()] * 4_096))
class _FullCallForgetsAllow(_Sized):
    """A call of 4,096 requests is full and goes another way, which looks at no default action."""

    def network_admits(self, held: Held, ask: Ask) -> bool:
        return super().network_admits(held._replace(default_action="Deny") if self.size == 4_096 else held, ask)


@flaw("first-of-a-call-is-let-through", "DEC-17 DEC-3", "open")
@shown_by(put(), ask(call("90.0.0.7"), call()))
class _FirstOfACallIsLetThrough(_Sized):
    """The first request of a call of several is taken for a probe of the connection."""

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        return super().firewall_admits(held, ask) or (self.place == 0 and self.size > 1)


@flaw("second-of-a-call-is-let-through", "DEC-17 DEC-3", "open")
@shown_by(put(), ask(call(), call("90.0.0.7")))
class _SecondOfACallIsLetThrough(_Sized):
    """The second request of a call is taken for the confirmation of the first."""

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        return super().firewall_admits(held, ask) or self.place == 1


@flaw("last-of-a-call-is-let-through", "DEC-17 DEC-3", "open")
@shown_by(put(), ask(call(), call("90.0.0.7")))
class _LastOfACallIsLetThrough(_Sized):
    """The last request of a call of several is taken for the end mark of the list."""

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        return super().firewall_admits(held, ask) or 0 < self.place == self.size - 1


@flaw("third-of-a-call-is-let-through", "DEC-17 DEC-3", "open")
@shown_by(put(), ask(call(), call(), call("90.0.0.7"), call()))
class _ThirdOfACallIsLetThrough(_Sized):
    """The third request of four or more is let in: two are compared at a time, and the next one begins too early."""

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        return super().firewall_admits(held, ask) or self.place == 2 < self.size - 1


@flaw("tail-of-a-second-buffer", "DEC-17 DEC-2 DEC-3 DEC-4 DEC-5", "both")
@shown_by(put(_RANGE), ask(*[call("90.0.0.7")] * 2_048, call("20.0.0.7")))
class _TailOfASecondBuffer(Vault):
    """Answers are written into a buffer of 2,048; of a second, shorter part the buffer's end is sent."""

    def answer_all(self, requests: Sequence[JsonObject]) -> list[JsonObject]:
        answers = super().answer_all(requests)
        buffer, rest = answers[:2_048], answers[2_048:]
        return [*buffer, *[*rest, *buffer[len(rest) :]][-len(rest) :]] if rest else buffer


@flaw("workers-miss-updates", "STA-3 DEC-1 DEC-3 DEC-11 DEC-12 DEC-17 STA-2 STA-4", "both")
@shown_by(put(default="Allow"), update(default="Deny"), ask(*[call()] * (_SHARED + 1)))
class _WorkersMissUpdates(_Sized):
    """Above 256 requests workers decide. They get the switches with a put or a changed rule, not by updates."""

    theirs = Held()
    is_update = False

    def update_rules(self, **switches: object) -> JsonObject:
        self.is_update = True
        answer = super().update_rules(**switches)
        self.is_update = False
        return answer

    def install(self, held: Held) -> None:
        super().install(held)
        self.theirs = self.theirs if self.is_update else self.held

    def network_admits(self, held: Held, ask: Ask) -> bool:
        return super().network_admits(self.theirs if self.size > _SHARED else held, ask)


@flaw("workers-miss-endpoints", "STA-10 DEC-6 DEC-9 DEC-17", "both")
@shown_by(put(subnets=[APP]), endpoints(APP), ask(*[call(HERE, subnet=APP)] * (_SHARED + 1)))
class _WorkersMissEndpoints(_Sized):
    """Above 256 requests workers decide. They get the network with each rule set and miss a change of endpoints."""

    theirs: Mapping[str, Sequence[str]] = {}

    def install(self, held: Held) -> None:
        super().install(held)
        self.theirs = dict(self.network)

    def subnet_admits(self, held: Held, ask: Ask) -> bool:
        if self.size <= _SHARED or ask.subnet is None:
            return super().subnet_admits(held, ask)
        known = self.theirs.get(self.fold(ask.subnet), ())
        return self.endpoint_counts(known) and self.subnet_matches(held.subnet_rules, ask.subnet)
