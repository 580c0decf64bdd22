"""Flaws that show in a long batch, after many requests, or right after a change."""

from collections.abc import Hashable, Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws, shown_by
from fencepost.conformance.mutants.remembering import Remembering
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, INSIDE, OTHER_NETWORK, ask, call, control, endpoints, put

flaw = Flaws("state")

_RANGE, _OTHER = "20.0.0.0/24", "52.0.0.0/24"
_OUTSIDE = "90.0.0.7"


@flaw("batch-answers-by-address", "DEC-17 CTL-5 DEC-11", "both")
@shown_by(put(), ask(control(), call()))
class _BatchAnswersByAddress(Vault):
    """The requests of a batch with equal addresses are decided once, to save work."""

    def answer_all(self, requests: Sequence[JsonObject]) -> list[JsonObject]:
        asked: dict[str, JsonObject] = {}
        for request in requests:
            asked.setdefault(self.read_request(request).dotted, self.answer(self.read_request(request)))
        return [asked[self.read_request(request).dotted] for request in requests]


@flaw("batch-answers-in-order-of-address", "DEC-17", "both")
@shown_by(put(_RANGE), ask(call(_OUTSIDE), call("20.0.0.7")))
class _BatchAnswersInOrderOfAddress(Vault):
    """Requests are sorted for the search, and the answers come back in the sorted order."""

    def answer_all(self, requests: Sequence[JsonObject]) -> list[JsonObject]:
        return super().answer_all(sorted(requests, key=lambda request: self.read_request(request).address))


@flaw("every-64th-of-a-batch-repeats", "DEC-17", "both")
@shown_by(put(_RANGE), ask(*[call()] * 64, call(_OUTSIDE)))
class _Every64thOfABatchRepeats(Vault):
    """A batch is processed in pieces of 64, and the first request of a piece gets the last answer of the piece
    before."""

    def answer_all(self, requests: Sequence[JsonObject]) -> list[JsonObject]:
        answers = super().answer_all(requests)
        return [answers[index - 1] if index and index % 64 == 0 else answer for index, answer in enumerate(answers)]


@flaw("end-of-a-long-batch-is-let-through", "DEC-17 DEC-3", "open")
@shown_by(put(), ask(*[call()] * 101))
class _EndOfALongBatchIsLetThrough(Vault):
    """The first 100 requests of a batch are checked, and the others are let through."""

    def answer_all(self, requests: Sequence[JsonObject]) -> list[JsonObject]:
        answers = super().answer_all(requests[:100])
        return [*answers, *({"outcome": "allow"} for _ in requests[100:])]


@flaw("repeated-request-is-let-through", "DEC-17 DEC-3", "open")
@shown_by(put(), ask(call(), call()))
class _RepeatedRequestIsLetThrough(Vault):
    """A refused caller that asks again at once is let in, as a retry of a request already checked."""

    last: Ask | None = None

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        again, self.last = ask == self.last, ask
        return again or super().firewall_admits(held, ask)

    def install(self, held: Held) -> None:
        super().install(held)
        self.last = None


@flaw("neighbour-of-an-admitted-caller", "DEC-17 DEC-3 STA-7", "open")
@shown_by(put("20.0.0.7"), ask(call("20.0.0.7"), call("20.0.0.9")))
class _NeighbourOfAnAdmittedCaller(Vault):
    """The address that was let in last is cached with its /24, for the next caller from the same office."""

    def install(self, held: Held) -> None:
        super().install(held)
        self.office = -1

    def address_admits(self, held: Held, ask: Ask) -> bool:
        admitted = super().address_admits(held, ask)
        near, self.office = self.office == ask.address >> 8, ask.address >> 8 if admitted else -1
        return admitted or near


@flaw("answers-remembered-by-24", "DEC-17 DEC-3 DEC-4", "both")
@shown_by(put("20.0.0.0/25"), ask(call("20.0.0.7"), call("20.0.0.200")))
class _AnswersRememberedBy24(Remembering):
    """Answers are cached by the caller's /24, as name servers do."""

    def key(self, ask: Ask) -> Hashable:
        return ask.plane, ask.address >> 8, ask.subnet, ask.service, ask.trusted


@flaw("answers-remembered-without-the-subnet", "DEC-17 DEC-7", "both")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=APP), call(INSIDE, subnet=OTHER_NETWORK)))
class _AnswersRememberedWithoutTheSubnet(Remembering):
    """Answers are cached by address, but a private address can occur in several networks."""

    def key(self, ask: Ask) -> Hashable:
        return ask.plane, ask.address, ask.service, ask.trusted


@flaw("remembered-answers-collide", "DEC-17 DEC-3", "both")
@shown_by(put(_RANGE), ask(call("20.0.0.7"), call("90.0.4.7")))
class _RememberedAnswersCollide(Remembering):
    """The cache has 1,024 entries indexed by the low bits of the address, and the stored address is not compared."""

    def key(self, ask: Ask) -> Hashable:
        return ask.plane, ask.address & 0x3FF, ask.subnet, ask.service, ask.trusted


@flaw("answers-outlive-a-put", "STA-1 STA-9 DEC-17", "both")
@shown_by(put(_RANGE), ask(call()), put(_OTHER), ask(call()))
class _AnswersOutliveAPut(Remembering):
    """Answers are cached until the process ends or a new vault is made."""

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.fresh = True
        return super().reset(subnets=subnets)

    def forget(self) -> None:
        if self.fresh:
            super().forget()
        self.fresh = False


@flaw("answers-outlive-the-endpoint", "STA-10 STA-9 DEC-9", "both")
@shown_by(put(subnets=[APP]), ask(call(INSIDE, subnet=APP)), endpoints(APP), ask(call(subnet=APP)))
class _AnswersOutliveTheEndpoint(Remembering):
    """Answers are cached by subnet until rules are written; a switched endpoint does not clear the cache."""

    def key(self, ask: Ask) -> Hashable:
        return ask.plane, ask.subnet or ask.address, ask.service, ask.trusted

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        kept = self.remembered
        result = super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)
        self.remembered = kept
        return result


@flaw("first-answer-after-a-write-is-old", "STA-1 STA-9 STA-6", "both")
@shown_by(put(_RANGE), ask(call(), call()), put(_OTHER), ask(call()))
class _FirstAnswerAfterAWriteIsOld(Vault):
    """The first request after a write loads the new rules only after it has been answered."""

    before: Held | None = None

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        result = super().reset(subnets=subnets)
        self.before = None
        return result

    def install(self, held: Held) -> None:
        self.before = getattr(self, "held", None)
        super().install(held)

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        old, self.before = self.before, None
        return super().firewall_admits(held if old is None else old, ask)


@flaw("denies-after-256-requests", "DEC-17", "closed")
@shown_by(put(_RANGE), ask(*[call()] * 257))
class _DeniesAfter256Requests(Stateful):
    """Requests are counted in one byte, for a throttle that acts at zero."""

    served = 0

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        self.served += 1
        return self.served % 257 != 0 and super().firewall_admits(held, ask)


@flaw("opens-after-400-requests", "DEC-17 DEC-3", "open")
@shown_by(put(), ask(*[call()] * 401))
class _OpensAfter400Requests(Stateful):
    """When the log of refusals is full its writer fails, and that failure lets the request through."""

    logged = 0

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        admitted = super().firewall_admits(held, ask)
        self.logged += not admitted
        return admitted or self.logged > 400


@flaw("many-refusals-block-the-address", "DEC-17 CTL-2 STA-6", "closed")
@shown_by(put(), ask(*[call()] * 8), put(_RANGE), ask(call()))
class _ManyRefusalsBlockTheAddress(Vault):
    """An address that was refused eight times is blocked for good, whatever rules are written later."""

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.refusals: dict[int, int] = {}
        return super().reset(subnets=subnets)

    def address_admits(self, held: Held, ask: Ask) -> bool:
        if self.refusals.get(ask.address, 0) >= 8:
            return False
        admitted = super().address_admits(held, ask)
        if not admitted:
            self.refusals[ask.address] = self.refusals.get(ask.address, 0) + 1
        return admitted


@flaw("one-refusal-in-a-hundred-only-logged", "DEC-17 DEC-3", "open")
@shown_by(put(), ask(*[call()] * 100))
class _OneInAHundredIsOnlyLogged(Stateful):
    """To reduce latency, one refusal in a hundred is sampled: it is logged and not enforced."""

    sampled = 0

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        admitted = super().firewall_admits(held, ask)
        self.sampled += not admitted
        return admitted or self.sampled % 100 == 0


@flaw("one-replica-is-late", "STA-9 STA-1 DEC-17", "both")
@shown_by(put(_RANGE), ask(*[call()] * 12), put(_OTHER), ask(call(), call()))
class _OneReplicaIsLate(Vault):
    """Two replicas answer in turn, and one of them receives a change ten requests later."""

    before: Held | None = None
    turn = 0

    def install(self, held: Held) -> None:
        self.before, self.turn = getattr(self, "held", None), 0
        super().install(held)

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        result = super().reset(subnets=subnets)
        self.before = None
        return result

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        self.turn += 1
        late = self.turn % 2 == 0 and self.turn <= 10 and self.before is not None
        return super().firewall_admits(self.before if late and self.before else held, ask)


@flaw("old-rules-return", "STA-9 STA-1 DEC-17", "both")
@shown_by(put(_RANGE), put(_OTHER), ask(*[call()] * 51))
class _OldRulesReturn(Vault):
    """A change reaches one instance only; fifty requests later that instance restarts and reads the old state."""

    before: Held | None = None
    served = 0

    def install(self, held: Held) -> None:
        self.before, self.served = getattr(self, "held", None), 0
        super().install(held)

    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        result = super().reset(subnets=subnets)
        self.before = None
        return result

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        self.served += 1
        return super().firewall_admits(self.before if self.served > 50 and self.before else held, ask)
