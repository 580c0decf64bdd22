"""Histories as a Hypothesis strategy and as a state machine, over the same moves that a run makes."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from random import Random
from typing import ClassVar

from fencepost.adapters.contract import Client, Connection, JsonObject, Statement
from fencepost.adapters.contract.vocabulary import FEATURES, PROTOCOL
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.generate import moves, networks
from fencepost.conformance.generate.changes import Change, GeneratorState, put, requests_about, watched
from fencepost.conformance.generate.moves import MOVES, Move
from fencepost.conformance.lockstep.case import AskStep, EndpointsStep, Step, WriteStep, apply_write, call_of
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.offered import as_offered
from fencepost.conformance.lockstep.wire import wire_network
from fencepost.reference import Network, Profile, Vault, Verdict, load_profile
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

_ALL_FEATURES = tuple(name for name in FEATURES if not name.endswith("-only") and name != "always-deny")


def histories(
    profile: Profile | str = "keyvault", *, features: Collection[str] = _ALL_FEATURES, max_moves: int = 4
) -> st.SearchStrategy[list[JsonObject]]:
    """Contract calls in their order, `{method, params}`: a `reset`, a rule set, then writes with a `decide` after each.

    The writes are those of at most `max_moves` moves: rules added, removed, spelled otherwise, refused, put to sleep,
    switches and service endpoints changed. The reference answers every request; a history has only what the features
    offer.
    """
    edition = _edition(profile, features)
    capabilities = capabilities_of(edition, features)

    @st.composite
    def calls(draw: st.DrawFn) -> list[JsonObject]:
        history = _ModelHistory(draw(_randoms()), edition, capabilities)
        for name in draw(st.lists(st.sampled_from(list(MOVES)), max_size=max_moves)):
            history.make(MOVES[name])
        reset = {"method": "reset", "params": {"subnets": wire_network(history.network)}}
        return [reset, *({"method": call.method, "params": call.params} for call in map(call_of, history.steps))]

    return calls()


def _randoms() -> st.SearchStrategy[Random]:
    return st.randoms(use_true_random=False)


def _edition(profile: Profile | str, features: Collection[str]) -> Profile:
    edition = profile if isinstance(profile, Profile) else load_profile(profile)
    return edition.always_denying() if "always-deny" in features else edition


def capabilities_of(profile: Profile, features: Collection[str]) -> Capabilities:
    """What a subject with these features may be asked in this profile."""
    statement = Statement(protocol=PROTOCOL, name="", version="", profile=profile.name, features=list(features))
    return Capabilities.from_statement(statement, profile)


def _network(random: Random, capabilities: Capabilities) -> Network:
    return networks.network(random, some_without_endpoint=False) if capabilities.subnets else Network()


class _ModelHistory:
    """A history without a subject: only the reference's vault takes part."""

    def __init__(self, random: Random, profile: Profile, capabilities: Capabilities) -> None:
        self.network = _network(random, capabilities)
        self.steps: list[Step] = []
        self._vault = Vault(profile=profile).reset(self.network)
        self._state = GeneratorState(random=random, capabilities=capabilities, now=lambda: self._vault)
        self._take(put(moves.opening(self._state), self._vault))

    def make(self, move: Move) -> None:
        """Make the changes of a move."""
        for change in move(self._state):
            self._take(change)

    def _take(self, change: Change) -> None:
        match change.step:
            case WriteStep():
                step = as_offered(change.step, self._vault, self._state.capabilities)
                if step is None:
                    return
                change = replace(change, step=step)
                write = apply_write(self._vault, step)
                if write.verdict is Verdict.OPEN:
                    return
                self._vault = write.accepted or self._vault if write.verdict is Verdict.ACCEPTED else self._vault
            case EndpointsStep(subnet=subnet, service_endpoints=endpoints):
                self._vault = self._vault.set_service_endpoints(subnet, endpoints)
        self.steps += [change.step, _asking(self._state, change)]


def _asking(state: GeneratorState, change: Change) -> AskStep:
    """Requests about what has changed, about the other rules, and about removed rules."""
    asked = [*requests_about(state, change.addresses, change.subnets), *watched(state)]
    return AskStep(requests=tuple(dict.fromkeys(asked)))


class _HistoryMachine(RuleBasedStateMachine):
    """One subject beside the reference; every rule of the machine is a move."""

    connect: ClassVar[Callable[[], Connection]]
    profile: ClassVar[Profile]
    capabilities: ClassVar[Capabilities]

    def __init__(self) -> None:
        super().__init__()
        self._client = Client(type(self).connect())
        self._lockstep = Lockstep(self._client, self.profile)

    @initialize(random=_randoms())
    def begin(self, random: Random) -> None:
        """A new vault in a network, and its opening rule set."""
        self._lockstep.reset(_network(random, self.capabilities))
        state = self._state(random)
        self._take(put(moves.opening(state), self._lockstep.vault), state)

    def _state(self, random: Random) -> GeneratorState:
        return GeneratorState(random=random, capabilities=self.capabilities, now=lambda: self._lockstep.vault)

    def make(self, move: Move, random: Random) -> None:
        """Make the changes of a move, and ask after each."""
        state = self._state(random)
        for change in move(state):
            self._take(change, state)

    def _take(self, change: Change, state: GeneratorState) -> None:
        match change.step:
            case WriteStep():
                step = as_offered(change.step, self._lockstep.vault, self.capabilities)
                if step is None or apply_write(self._lockstep.vault, step).verdict is Verdict.OPEN:
                    return
                wrote = self._lockstep.write(step)
                assert wrote.wrong is None, f"{step.method} {step.params}: {wrote.wrong.direction}"
            case EndpointsStep():
                self._lockstep.set_endpoints(change.step)
        for request, (expected, answer, wrong) in zip(
            (asking := _asking(state, change)).requests, self._lockstep.ask(asking), strict=True
        ):
            assert wrong is None, f"{request}: expected {expected.outcome} ({expected.clause}), got {answer.outcome}"

    def teardown(self) -> None:
        """Close the connection to the subject."""
        self._client.close()


def history_machine(
    connect: Callable[[], Connection],
    profile: Profile | str = "keyvault",
    *,
    features: Collection[str] = _ALL_FEATURES,
) -> type[RuleBasedStateMachine]:
    """A state machine whose rules are the moves: its `TestCase` runs histories on `connect`'s vault and shrinks them.

    The caller may put choices for the open points into the profile (`Profile.with_choices`); where a point
    stays open, the writes that it decides are left out.
    """
    edition = _edition(profile, features)
    members: dict[str, object] = {"connect": staticmethod(connect), "profile": edition}
    members["capabilities"] = capabilities_of(edition, features)
    members |= {name: _rule_of(name, move) for name, move in _offered(capabilities_of(edition, features))}
    return type("HistoryMachine", (_HistoryMachine,), members)


def _offered(capabilities: Capabilities) -> Iterator[tuple[str, Move]]:
    """The moves with at least one change that the subject is offered."""
    needs = {
        "refused": capabilities.refusals,
        "unknown_removed": capabilities.refusals,
        "subnets_changed": capabilities.subnets,
    }
    needs["endpoint_switched"] = capabilities.endpoints
    yield from ((name, move) for name, move in MOVES.items() if needs.get(name, True))


def _rule_of(name: str, move: Move) -> object:
    def make(self: _HistoryMachine, random: Random) -> None:
        self.make(move, random)

    make.__name__ = name
    make.__doc__ = move.__doc__
    return rule(random=_randoms())(make)
