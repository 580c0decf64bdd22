"""The evidence of a mismatch, the conditions on it, and tables that lead from conditions to clauses.

A table is a sequence of rows: a clause, then the conditions under which it is broken. The first row whose conditions
all hold gives the clause. A row without conditions always holds. In place of a clause a row may have a function of the
evidence; if that finds no clause, the next row is tried.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeAlias, TypeVar

from fencepost.conformance.lockstep.case import EndpointsStep, Step, WriteStep, through_the_reference
from fencepost.conformance.lockstep.mismatch import Mismatch
from fencepost.reference import Network, Vault

M_co = TypeVar("M_co", bound=Mismatch, covariant=True)
M = TypeVar("M", bound=Mismatch)

FEW, MANY = 3, 12
"""More rules than this make their number the point: `FEW` in a scenario about limits, `MANY` in others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(Generic[M_co]):
    """A mismatch, the calls since the last `reset`, and the clause that the scenario tests (`""` if there is none)."""

    mismatch: M_co
    aim: str
    network: Network = field(default_factory=Network)
    steps: tuple[Step, ...] = ()
    follows_a_vault: bool = False

    @property
    def writes(self) -> tuple[WriteStep, ...]:
        """The writes since the last `reset`."""
        return tuple(step for step in self.steps if isinstance(step, WriteStep))


AnyEvidence: TypeAlias = Evidence[Mismatch]
Condition: TypeAlias = Callable[[Evidence[M]], bool]
Clause: TypeAlias = str | Callable[[Evidence[M]], str | None]
Table: TypeAlias = tuple[tuple[Clause[M], *tuple[Condition[M], ...]], ...]


def first(table: Table[M], evidence: Evidence[M]) -> str | None:
    """The clause of the first row whose conditions all hold; None if there is none."""
    for clause, *conditions in table:
        if all(condition(evidence) for condition in conditions):
            found = clause if isinstance(clause, str) else clause(evidence)
            if found is not None:
                return found
    return None


def of(table: Table[M], *, aims: Table[M] = ()) -> Callable[[Evidence[M]], str | None]:
    """The clause that another table gives. The table `aims` corrects the aim before."""

    def clause(evidence: Evidence[M]) -> str | None:
        aim = first(aims, evidence)
        return first(table, evidence if aim is None else replace(evidence, aim=aim))

    return clause


def unless(condition: Condition[M]) -> Condition[M]:
    """The condition does not hold."""
    return lambda evidence: not condition(evidence)


def either(*conditions: Condition[M]) -> Condition[M]:
    """At least one of the conditions holds."""
    return lambda evidence: any(condition(evidence) for condition in conditions)


def the_aim(evidence: AnyEvidence) -> str:
    """The clause that the scenario tests."""
    return evidence.aim


def aim_is(*clauses: str) -> Condition[Mismatch]:
    """The scenario tests one of these clauses; `""` stands for none."""
    return lambda evidence: evidence.aim in clauses


def aim_in(*families: str) -> Condition[Mismatch]:
    """The scenario tests a clause of one of these families."""
    return lambda evidence: evidence.aim.startswith(families)


def follows_a_vault(evidence: AnyEvidence) -> bool:
    """It takes an earlier vault to show the mismatch."""
    return evidence.follows_a_vault


def ip_rules(*, more_than: int) -> Condition[Mismatch]:
    """More IP rules than this are in force."""
    return lambda evidence: len(evidence.mismatch.vault.rules.ip_rules) > more_than


def subnet_rules(*, more_than: int) -> Condition[Mismatch]:
    """More virtual network rules than this are in force."""
    return lambda evidence: len(evidence.mismatch.vault.rules.virtual_network_rules) > more_than


def has_few_rules(evidence: AnyEvidence) -> bool:
    """Neither list has more than a few rules in force."""
    return not ip_rules(more_than=FEW)(evidence) and not subnet_rules(more_than=FEW)(evidence)


def steps(*, fewest: int, most: int) -> Condition[Mismatch]:
    """The number of calls since the last `reset`, the call in question among them."""
    return lambda evidence: fewest <= len(evidence.steps) <= most


def some_write_is(*methods: str) -> Condition[Mismatch]:
    """The method of some write begins with one of these words."""
    return lambda evidence: any(step.method.startswith(methods) for step in evidence.writes)


def last_write_is(*methods: str) -> Condition[Mismatch]:
    """The method of the last write begins with one of these words."""
    return lambda evidence: any(step.method.startswith(methods) for step in evidence.writes[-1:])


def switches_endpoints(evidence: AnyEvidence) -> bool:
    """Service endpoints are switched on the way."""
    return any(isinstance(step, EndpointsStep) for step in evidence.steps)


def changes_repeatedly(evidence: AnyEvidence) -> bool:
    """There are two writes or more, or service endpoints are switched."""
    return len(evidence.writes) > 1 or switches_endpoints(evidence)


def turns_rules_on_again(evidence: AnyEvidence) -> bool:
    """The default action changes to Deny after it was Allow."""
    bodies = [step.params.get("networkAcls", step.params) for step in evidence.writes]
    actions = [body.get("defaultAction") for body in bodies if isinstance(body, Mapping)]
    return [action for action in actions if action is not None][-2:] == ["Allow", "Deny"]


def puts_keep_the_switches(evidence: AnyEvidence) -> bool:
    """Every write puts a whole rule set, each with the default action and the bypass of the first."""
    bodies = [step.params.get("networkAcls") for step in evidence.writes if step.method == "putRules"]
    switches = [(body.get("defaultAction"), body.get("bypass")) for body in bodies if isinstance(body, Mapping)]
    return len(switches) == len(evidence.writes) and len(set(map(repr, switches))) == 1


def refusal_clause(evidence: AnyEvidence) -> str | None:
    """LIM-6 or VAL-9 if an earlier write must be refused, because of a limit or not; None if there is no such write."""
    vault = Vault(profile=evidence.mismatch.vault.profile).reset(evidence.network)
    for _, _, write in through_the_reference(evidence.steps[:-1], vault):
        for violation in write.violations if write is not None else ():
            if violation.is_certain:
                return "LIM-6" if violation.clause.startswith("LIM") else "VAL-9"
    return None
