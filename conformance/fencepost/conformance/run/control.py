"""The sensitivity control: decoys in the subject's own answers show which faults this run would have noticed.

It runs last. Each decoy has its own connection around the subject's, and its own judging. The scenarios and the seed
are the run's, but only requests of the decoy's kind are put. Nothing of it enters a verdict.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from fencepost.adapters.contract import Client, Connection, HarnessFault, JsonObject
from fencepost.adapters.contract.relay import Relay
from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.effort import Effort
from fencepost.conformance.bench.exploration import Exploration, Scenario, play
from fencepost.conformance.bench.fault_policy import Abandoned, Unresponsive
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.diagnosis.reproduction import minimal_setup
from fencepost.conformance.judging.tally import Tally
from fencepost.conformance.lockstep.case import AskStep, Case, WriteStep, apply_write
from fencepost.conformance.lockstep.cost import Cost
from fencepost.conformance.lockstep.following import followed
from fencepost.conformance.lockstep.lockstep import Lockstep
from fencepost.conformance.lockstep.mismatch import Found, WrongDecision, WrongRead
from fencepost.conformance.lockstep.oracle import ReferenceOracle
from fencepost.conformance.lockstep.wire import request_from_wire
from fencepost.conformance.run.decoys import Decoy, decoys_for
from fencepost.reference import Profile, Request, Vault
from fencepost.reports.model import Decoy as Row

_AT_ONCE = 16
_PER_SET = 48
_RATION = Effort(name="control", scale=1, writes=60, decisions=240)
_CONFIRMATIONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlan:
    """The parameters of a control: the subject, its judging, and the run's explorations.

    `ration` is what one decoy may cost, `left` what all of them together may.
    """

    client: Client
    setting: Setting
    explorations: Sequence[Exploration]
    settle_seconds: float
    left: Effort
    ration: Effort = _RATION


def control(control_plan: ControlPlan) -> tuple[tuple[Row, ...], Cost]:
    """Lay each decoy that this subject could be caught with: whether the run's scenarios notice it, at what cost."""
    setting = control_plan.setting
    random = setting.random("decoys")
    rows, spent = [], Cost()
    for decoy in decoys_for(setting.capabilities, random):
        row, cost = _laid(decoy, replace(control_plan, left=control_plan.left.less(spent.writes, spent.decisions)))
        rows.append(row)
        spent += cost
    return tuple(rows), spent


def _laid(decoy: Decoy, control_plan: ControlPlan) -> tuple[Row, Cost]:
    setting = control_plan.setting
    capabilities = setting.capabilities
    injector = FaultInjector(control_plan.client.connection, decoy, setting.profile)
    lockstep = Lockstep(
        Client(injector),
        setting.profile,
        oracle=ReferenceOracle(with_codes=capabilities.codes and capabilities.credentials),
        settle_seconds=control_plan.settle_seconds,
    )
    tally = Tally()
    bench = Bench(
        lockstep,
        setting,
        tally,
        effort=control_plan.ration.within(control_plan.left),
        on_mismatch=_Lookout(lockstep, injector),
        selects=partial(_of_its_kind, decoy),
    )
    caught, trouble = False, ""
    try:
        for _ in play(bench, _scenarios(decoy, control_plan)):
            bench.leave()
    except Noticed:
        caught = True
    except Unresponsive:
        pass
    except HarnessFault as fault:
        trouble = str(fault)
    trouble = trouble or next(iter(tally.reasons("error").values()), "")
    text = f" (the harness failed over it: {trouble})" if trouble and not caught else ""
    row = Row(
        id=decoy.id,
        clause=decoy.clause,
        text=decoy.text() + text,
        caught=caught,
        decisions=lockstep.cost.decisions,
    )
    return row, lockstep.cost


def _of_its_kind(decoy: Decoy, requests: Sequence[Request], vault: Vault) -> Iterator[Sequence[Request]]:
    """The requests that the decoy might falsify, a few at a time."""
    chosen = [one for one in requests if decoy.concerns(one, vault)][:_PER_SET]
    return (chosen[start : start + _AT_ONCE] for start in range(0, len(chosen), _AT_ONCE))


def _scenarios(decoy: Decoy, control_plan: ControlPlan) -> Iterator[Scenario]:
    """The run's own scenarios for the decoy's clause, in the run's order."""
    for exploration in control_plan.explorations:
        if decoy.clause in exploration.serves:
            yield from (one for one in exploration.scenarios(control_plan.setting) if decoy.clause in one.aims)


class Noticed(Exception):
    """The decoy has been noticed, and shows again on a new vault."""


class FaultInjector(Relay):
    """The subject's connection with a decoy in its answers. Only a right answer is falsified."""

    def __init__(self, connection: Connection, decoy: Decoy, profile: Profile) -> None:
        super().__init__(connection)
        self._decoy = decoy
        self._vault = Vault(profile=profile)
        self.falsified: set[Request] = set()
        self.is_last_falsified = False

    def call(self, method: str, params: JsonObject) -> object:
        """The subject's answer, falsified where the decoy applies."""
        answer = self.inner.call(method, params)
        self.is_last_falsified = False
        before, self._vault = self._vault, followed(self._vault, method, params, answer)
        match method, params:
            case "reset", _:
                self.falsified.clear()
            case "decide", {"requests": list(requests)}:
                return self._decided(requests, answer)
            case "getRules", _:
                return self._read(answer)
            case _ if isinstance(answer, dict) and "accepted" in answer:
                return self._written(before, WriteStep(method=method, params=params), answer)
        return answer

    def _decided(self, requests: Iterable[Mapping[str, object]], answer: object) -> object:
        decisions = answer.get("decisions") if isinstance(answer, dict) else None
        if not isinstance(decisions, list):
            return answer
        falsified = [
            self._falsified(request_from_wire(request), decision)
            for request, decision in zip(requests, decisions, strict=False)
        ]
        return {"decisions": falsified}

    def _falsified(self, request: Request, decision: object) -> object:
        outcome = decision.get("outcome") if isinstance(decision, dict) else decision
        is_right = outcome == self._vault.decide(request).outcome
        if not is_right or not self._decoy.flips(request, self._vault):
            return decision
        self.falsified.add(request)
        return "deny" if outcome == "allow" else "allow"

    def _read(self, answer: object) -> object:
        acls = answer.get("networkAcls") if isinstance(answer, dict) else None
        read = self._decoy.reads(acls) if isinstance(acls, Mapping) else None
        self.is_last_falsified = read is not None
        return {"networkAcls": read} if read is not None else answer

    def _written(self, before: Vault, step: WriteStep, answer: Mapping[str, object]) -> object:
        must_be_refused = any(one.is_certain for one in apply_write(before, step).violations)
        if answer["accepted"] is True or not must_be_refused or not self._decoy.accepts(step, before):
            return answer
        self.is_last_falsified = True
        return {"accepted": True}

    def close(self) -> None:
        """Do nothing: the run closes the connection."""


class _Lookout:
    """Called with the wrong answers of one call: `Noticed` if one of them is the decoy's and shows again."""

    def __init__(self, lockstep: Lockstep, injector: FaultInjector) -> None:
        self._lockstep = lockstep
        self._injector = injector

    def __call__(self, found: Sequence[Found]) -> None:
        """Replay the decoy's first wrong answer; if it does not show again, the scenario is `Abandoned`."""
        for one in found:
            if self._is_the_decoys(one):
                case = self._case(one)
                if any(self._shows_again(case, one) for _ in range(_CONFIRMATIONS)):
                    raise Noticed
                raise Abandoned

    def _is_the_decoys(self, found: Found) -> bool:
        mismatch = found.mismatch
        if isinstance(mismatch, WrongDecision):
            return mismatch.request in self._injector.falsified
        return self._injector.is_last_falsified

    def _case(self, found: Found) -> Case:
        """The shortest case that leads to the same state, and the call in question."""
        last = self._lockstep.steps[-1]
        if isinstance(found.mismatch, WrongRead):
            return self._lockstep.case()
        return minimal_setup(found.mismatch.vault, last.only(found.index) if isinstance(last, AskStep) else last)

    def _shows_again(self, case: Case, found: Found) -> bool:
        again = self._lockstep.replay(case)
        return again is not None and again.direction == found.mismatch.direction and type(again) is type(found.mismatch)
