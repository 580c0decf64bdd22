"""Histories as a Hypothesis strategy and as a state machine, over the same moves that a run makes."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from random import Random
from typing import ClassVar

from fencepost.adapters.contract import Client, Connection, JsonObject, Statement
from fencepost.adapters.contract.vocabulary import FEATURES, PROTOCOL
from fencepost.conformance.capabilities import Capabilities
from fencepost.conformance.generate import moves, networks
from fencepost.conformance.generate.moves import MOVES, Move
from fencepost.conformance.generate.strokes import Scene, Stroke, put, requests_about, watched
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
    capabilities = _capabilities(edition, features)

    @st.composite
    def calls(draw: st.DrawFn) -> list[JsonObject]:
        scenery = _Rehearsal(draw(_randoms()), edition, capabilities)
        for name in draw(st.lists(st.sampled_from(list(MOVES)), max_size=max_moves)):
            scenery.play(MOVES[name])
        reset = {"method": "reset", "params": {"subnets": wire_network(scenery.network)}}
        return [reset, *({"method": call.method, "params": call.params} for call in map(call_of, scenery.steps))]

    return calls()


def _randoms() -> st.SearchStrategy[Random]:
    return st.randoms(use_true_random=False)


def _edition(profile: Profile | str, features: Collection[str]) -> Profile:
    edition = profile if isinstance(profile, Profile) else load_profile(profile)
    return edition.always_denying() if "always-deny" in features else edition


def _capabilities(profile: Profile, features: Collection[str]) -> Capabilities:
    statement = Statement(protocol=PROTOCOL, name="", version="", profile=profile.name, features=list(features))
    return Capabilities.from_statement(statement, profile)


def _network(random: Random, capabilities: Capabilities) -> Network:
    return networks.network(random, some_without_endpoint=False) if capabilities.subnets else Network()


class _Rehearsal:
    """A history without a subject: only the reference's vault takes part."""

    def __init__(self, random: Random, profile: Profile, capabilities: Capabilities) -> None:
        self.network = _network(random, capabilities)
        self.steps: list[Step] = []
        self._vault = Vault(profile=profile).reset(self.network)
        self._scene = Scene(random=random, capabilities=capabilities, now=lambda: self._vault)
        self._take(put(moves.opening(self._scene), self._vault))

    def play(self, move: Move) -> None:
        """Make the strokes of a move."""
        for stroke in move(self._scene):
            self._take(stroke)

    def _take(self, stroke: Stroke) -> None:
        match stroke.step:
            case WriteStep():
                step = as_offered(stroke.step, self._vault, self._scene.capabilities)
                if step is None:
                    return
                stroke = replace(stroke, step=step)
                write = apply_write(self._vault, step)
                if write.verdict is Verdict.OPEN:
                    return
                self._vault = write.accepted or self._vault if write.verdict is Verdict.ACCEPTED else self._vault
            case EndpointsStep(subnet=subnet, service_endpoints=endpoints):
                self._vault = self._vault.set_service_endpoints(subnet, endpoints)
        self.steps += [stroke.step, _asking(self._scene, stroke)]


def _asking(scene: Scene, stroke: Stroke) -> AskStep:
    """Requests about what has changed, about the other rules, and about removed rules."""
    asked = [*requests_about(scene, stroke.addresses, stroke.subnets), *watched(scene)]
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
        scene = self._scene(random)
        self._take(put(moves.opening(scene), self._lockstep.vault), scene)

    def _scene(self, random: Random) -> Scene:
        return Scene(random=random, capabilities=self.capabilities, now=lambda: self._lockstep.vault)

    def play(self, move: Move, random: Random) -> None:
        """Make the strokes of a move, and ask after each."""
        scene = self._scene(random)
        for stroke in move(scene):
            self._take(stroke, scene)

    def _take(self, stroke: Stroke, scene: Scene) -> None:
        match stroke.step:
            case WriteStep():
                step = as_offered(stroke.step, self._lockstep.vault, self.capabilities)
                if step is None or apply_write(self._lockstep.vault, step).verdict is Verdict.OPEN:
                    return
                wrote = self._lockstep.write(step)
                assert wrote.wrong is None, f"{step.method} {step.params}: {wrote.wrong.direction}"
            case EndpointsStep():
                self._lockstep.set_endpoints(stroke.step)
        for request, (expected, answer, wrong) in zip(
            (asking := _asking(scene, stroke)).requests, self._lockstep.ask(asking), strict=True
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
    members["capabilities"] = _capabilities(edition, features)
    members |= {name: _rule_of(name, move) for name, move in _offered(_capabilities(edition, features))}
    return type("HistoryMachine", (_HistoryMachine,), members)


def _offered(capabilities: Capabilities) -> Iterator[tuple[str, Move]]:
    """The moves with at least one stroke that the subject is offered."""
    needs = {
        "refused": capabilities.refusals,
        "unknown_removed": capabilities.refusals,
        "subnets_changed": capabilities.subnets,
    }
    needs["endpoint_switched"] = capabilities.endpoints
    yield from ((name, move) for name, move in MOVES.items() if needs.get(name, True))


def _rule_of(name: str, move: Move) -> object:
    def play(self: _HistoryMachine, random: Random) -> None:
        self.play(move, random)

    play.__name__ = name
    play.__doc__ = move.__doc__
    return rule(random=_randoms())(play)
