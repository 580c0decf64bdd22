"""Flaws that show in a long batch, after many requests, or right after a change."""

from collections.abc import Hashable, Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import Flaws
from fencepost.conformance.mutants.remembering import Remembering
from fencepost.conformance.mutants.values import Ask, Held
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import APP, INSIDE, OTHER_NETWORK, ask, call, control, endpoints, put

flaw = Flaws("state")

_RANGE, _OTHER = "20.0.0.0/24", "52.0.0.0/24"
_OUTSIDE = "90.0.0.7"


@flaw(
    "batch-answers-by-address",
    clause="DEC-17",
    also=("CTL-5", "DEC-11"),
    direction="both",
    story="The requests of a batch with equal addresses are decided once, to save work.",
    witness=lambda _: (put(), ask(control(), call())),
)
class _BatchAnswersByAddress(Vault):
    def answer_all(self, requests: Sequence[JsonObject]) -> list[JsonObject]:
        asked: dict[str, JsonObject] = {}
        for request in requests:
            asked.setdefault(self.read_request(request).dotted, self.answer(self.read_request(request)))
        return [asked[self.read_request(request).dotted] for request in requests]


@flaw(
    "batch-answers-in-order-of-address",
    clause="DEC-17",
    direction="both",
    story="Requests are sorted for the search, and the answers come back in the sorted order.",
    witness=lambda _: (put(_RANGE), ask(call(_OUTSIDE), call("20.0.0.7"))),
)
class _BatchAnswersInOrderOfAddress(Vault):
    def answer_all(self, requests: Sequence[JsonObject]) -> list[JsonObject]:
        return super().answer_all(sorted(requests, key=lambda request: self.read_request(request).address))


@flaw(
    "every-64th-of-a-batch-repeats",
    clause="DEC-17",
    direction="both",
    story=(
        "A batch is processed in pieces of 64, and the first request of a piece gets the last answer of the piece "
        "before."
    ),
    witness=lambda _: (put(_RANGE), ask(*[call()] * 64, call(_OUTSIDE))),
)
class _Every64thOfABatchRepeats(Vault):
    def answer_all(self, requests: Sequence[JsonObject]) -> list[JsonObject]:
        answers = super().answer_all(requests)
        return [answers[index - 1] if index and index % 64 == 0 else answer for index, answer in enumerate(answers)]


@flaw(
    "end-of-a-long-batch-is-let-through",
    clause="DEC-17",
    also=("DEC-3",),
    direction="open",
    story="The first 100 requests of a batch are checked, and the others are let through.",
    witness=lambda _: (put(), ask(*[call()] * 101)),
)
class _EndOfALongBatchIsLetThrough(Vault):
    def answer_all(self, requests: Sequence[JsonObject]) -> list[JsonObject]:
        answers = super().answer_all(requests[:100])
        return [*answers, *({"outcome": "allow"} for _ in requests[100:])]


@flaw(
    "repeated-request-is-let-through",
    clause="DEC-17",
    also=("DEC-3",),
    direction="open",
    story="A refused caller that asks again at once is let in, as a retry of a request already checked.",
    witness=lambda _: (put(), ask(call(), call())),
)
class _RepeatedRequestIsLetThrough(Vault):
    last: Ask | None = None

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        again, self.last = ask == self.last, ask
        return again or super().firewall_admits(held, ask)

    def install(self, held: Held) -> None:
        super().install(held)
        self.last = None


@flaw(
    "neighbour-of-an-admitted-caller",
    clause="DEC-17",
    also=("DEC-3", "STA-7"),
    direction="open",
    story="The address that was let in last is cached with its /24, for the next caller from the same office.",
    witness=lambda _: (put("20.0.0.7"), ask(call("20.0.0.7"), call("20.0.0.9"))),
)
class _NeighbourOfAnAdmittedCaller(Vault):
    def install(self, held: Held) -> None:
        super().install(held)
        self.office = -1

    def address_admits(self, held: Held, ask: Ask) -> bool:
        admitted = super().address_admits(held, ask)
        near, self.office = self.office == ask.address >> 8, ask.address >> 8 if admitted else -1
        return admitted or near


@flaw(
    "answers-remembered-by-24",
    clause="DEC-17",
    also=("DEC-3", "DEC-4"),
    direction="both",
    story="Answers are cached by the caller's /24, as name servers do.",
    witness=lambda _: (put("20.0.0.0/25"), ask(call("20.0.0.7"), call("20.0.0.200"))),
)
class _AnswersRememberedBy24(Remembering):
    def key(self, ask: Ask) -> Hashable:
        return ask.plane, ask.address >> 8, ask.subnet, ask.service, ask.trusted


@flaw(
    "answers-remembered-without-the-subnet",
    clause="DEC-17",
    also=("DEC-7",),
    direction="both",
    story="Answers are cached by address, but a private address can occur in several networks.",
    witness=lambda _: (put(subnets=[APP]), ask(call(INSIDE, subnet=APP), call(INSIDE, subnet=OTHER_NETWORK))),
)
class _AnswersRememberedWithoutTheSubnet(Remembering):
    def key(self, ask: Ask) -> Hashable:
        return ask.plane, ask.address, ask.service, ask.trusted


@flaw(
    "remembered-answers-collide",
    clause="DEC-17",
    also=("DEC-3",),
    direction="both",
    story="The cache has 1,024 entries indexed by the low bits of the address, and the stored address is not compared.",
    witness=lambda _: (put(_RANGE), ask(call("20.0.0.7"), call("90.0.4.7"))),
)
class _RememberedAnswersCollide(Remembering):
    def key(self, ask: Ask) -> Hashable:
        return ask.plane, ask.address & 0x3FF, ask.subnet, ask.service, ask.trusted


@flaw(
    "answers-outlive-a-put",
    clause="STA-1",
    also=("STA-9", "DEC-17"),
    direction="both",
    story="Answers are cached until the process ends or a new vault is made.",
    witness=lambda _: (put(_RANGE), ask(call()), put(_OTHER), ask(call())),
)
class _AnswersOutliveAPut(Remembering):
    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.fresh = True
        return super().reset(subnets=subnets)

    def forget(self) -> None:
        if self.fresh:
            super().forget()
        self.fresh = False


@flaw(
    "answers-outlive-the-endpoint",
    clause="STA-10",
    also=("STA-9", "DEC-9"),
    direction="both",
    story="Answers are cached by subnet until rules are written; a switched endpoint does not clear the cache.",
    witness=lambda _: (
        put(subnets=[APP]),
        ask(call(INSIDE, subnet=APP)),
        endpoints(APP),
        ask(call(subnet=APP)),
    ),
)
class _AnswersOutliveTheEndpoint(Remembering):
    def key(self, ask: Ask) -> Hashable:
        return ask.plane, ask.subnet or ask.address, ask.service, ask.trusted

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str]) -> JsonObject:
        kept = self.remembered
        result = super().set_service_endpoints(subnet=subnet, service_endpoints=service_endpoints)
        self.remembered = kept
        return result


@flaw(
    "first-answer-after-a-write-is-old",
    clause="STA-1",
    also=("STA-9", "STA-6"),
    direction="both",
    story="The first request after a write loads the new rules only after it has been answered.",
    witness=lambda _: (put(_RANGE), ask(call(), call()), put(_OTHER), ask(call())),
)
class _FirstAnswerAfterAWriteIsOld(Vault):
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


@flaw(
    "denies-after-256-requests",
    clause="DEC-17",
    direction="closed",
    story="Requests are counted in one byte, for a throttle that acts at zero.",
    witness=lambda _: (put(_RANGE), ask(*[call()] * 257)),
)
class _DeniesAfter256Requests(Vault):
    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.served = 0
        return super().reset(subnets=subnets)

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        self.served += 1
        return self.served % 257 != 0 and super().firewall_admits(held, ask)


@flaw(
    "opens-after-400-requests",
    clause="DEC-17",
    also=("DEC-3",),
    direction="open",
    story="When the log of refusals is full its writer fails, and that failure lets the request through.",
    witness=lambda _: (put(), ask(*[call()] * 401)),
)
class _OpensAfter400Requests(Vault):
    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.logged = 0
        return super().reset(subnets=subnets)

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        admitted = super().firewall_admits(held, ask)
        self.logged += not admitted
        return admitted or self.logged > 400


@flaw(
    "many-refusals-block-the-address",
    clause="DEC-17",
    also=("CTL-2", "STA-6"),
    direction="closed",
    story="An address that was refused eight times is blocked for good, whatever rules are written later.",
    witness=lambda _: (put(), ask(*[call()] * 8), put(_RANGE), ask(call())),
)
class _ManyRefusalsBlockTheAddress(Vault):
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


@flaw(
    "one-refusal-in-a-hundred-only-logged",
    clause="DEC-17",
    also=("DEC-3",),
    direction="open",
    story="To reduce latency, one refusal in a hundred is sampled: it is logged and not enforced.",
    witness=lambda _: (put(), ask(*[call()] * 100)),
)
class _OneInAHundredIsOnlyLogged(Vault):
    def reset(self, *, subnets: Sequence[JsonObject]) -> JsonObject:
        self.sampled = 0
        return super().reset(subnets=subnets)

    def firewall_admits(self, held: Held, ask: Ask) -> bool:
        admitted = super().firewall_admits(held, ask)
        self.sampled += not admitted
        return admitted or self.sampled % 100 == 0


@flaw(
    "one-replica-is-late",
    clause="STA-9",
    also=("STA-1", "DEC-17"),
    direction="both",
    story="Two replicas answer in turn, and one of them receives a change ten requests later.",
    witness=lambda _: (put(_RANGE), ask(*[call()] * 12), put(_OTHER), ask(call(), call())),
)
class _OneReplicaIsLate(Vault):
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


@flaw(
    "old-rules-return",
    clause="STA-9",
    also=("STA-1", "DEC-17"),
    direction="both",
    story="A change reaches one instance only; fifty requests later that instance restarts and reads the old state.",
    witness=lambda _: (put(_RANGE), put(_OTHER), ask(*[call()] * 51)),
)
class _OldRulesReturn(Vault):
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
