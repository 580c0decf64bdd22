"""ARM templates: parameters, variables, loops and conditions, evaluated as far as a vault's rules need it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from fencepost.conformance.rule_files.expressions import (
    RESOURCE_GROUP,
    SUBSCRIPTION,
    Scope,
    evaluated,
    is_expression,
    literal,
)
from fencepost.conformance.rule_files.members import member
from fencepost.conformance.rule_files.parameters import constraint_faults
from fencepost.conformance.rule_files.syntax import NotEvaluated

VAULT = "microsoft.keyvault/vaults"
NETWORK = "microsoft.network/virtualnetworks"
SUBNETS = (f"{NETWORK}/subnets", "subnets")
DEPLOYMENT = "microsoft.resources/deployments"
_DECIDING = frozenset({VAULT, NETWORK, *SUBNETS, DEPLOYMENT})
"""The types of resources, in lower case, that decide what rules a template sets and for whom."""
_LONGEST_LOOP = 800
"""How often a loop of a template may run (learn.microsoft.com, "Property iteration in ARM templates", copy limits)."""

_MOST_STEPS = 1_000_000
"""How many values are evaluated at most: loops in loops can ask for more than any machine evaluates."""
_LARGEST = 100_000
"""How many values a variable or a default may hold, each in each place where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(ValueError):
    """A place in a template whose value cannot be known, and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        """The path and the reason."""
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A template's parameters and variables, and the values that a parameters file gives.

    `indexes` are the loops that are under way, by their names; `turn` is the index of the loop of a resource.
    `subscription` and `group` are those of the deployment. `steps` yields as often as a value may yet be evaluated;
    nested templates share it. `known` are the variables and defaults that were evaluated, each once for the turns of
    the loops around it.
    """

    template: Mapping[str, object] = field(default_factory=dict)
    given: Mapping[str, object] = field(default_factory=dict)
    indexes: Mapping[str, int] = field(default_factory=dict)
    turn: int | None = None
    open_names: frozenset[str] = frozenset()
    subscription: str = SUBSCRIPTION
    group: str = RESOURCE_GROUP
    steps: Iterator[int] = field(default_factory=lambda: iter(range(_MOST_STEPS)), compare=False)
    known: dict[object, object] = field(default_factory=dict, compare=False)

    def value(self, value: object, path: str) -> object:
        """The value with every expression in it evaluated and every loop written out; `Fault` where that fails."""
        try:
            self._spend(1)
        except NotEvaluated as error:
            raise Fault(path=path, reason=str(error)) from None
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, list):
            return [self.value(one, f"{path}[{index}]") for index, one in enumerate(value)]
        if isinstance(value, Mapping):
            plain = {name: self.value(one, f"{path}.{name}") for name, one in value.items() if not _is_loops(name, one)}
            loops = self._loops(value, path)
            for name in loops:
                if member(plain, name, _NOTHING) is not _NOTHING:
                    raise Fault(
                        path=f"{path}.{name}", reason="a loop of this name stands beside it: one of them is meant"
                    )
            return plain | loops
        return value

    def truth(self, condition: object, path: str) -> bool:
        """Whether a resource with this `condition` is deployed."""
        value = self.value(condition, path)
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        if isinstance(value, bool):
            return value
        raise Fault(path=path, reason=f"expected true or false, got {value!r:.60}")

    def within(self, name: str, index: int) -> "Evaluation":
        """The same inside a loop."""
        return replace(self, indexes={**self.indexes, name: index})

    def count(self, loop: Mapping[str, object], path: str) -> int:
        """How often a loop runs."""
        count = self.value(loop.get("count"), f"{path}.count")
        if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= _LONGEST_LOOP:
            raise Fault(path=f"{path}.count", reason=f"expected a number from 0 to {_LONGEST_LOOP}, got {count!r:.60}")
        return count

    def checked(self, path: str) -> "Evaluation":
        """The same, after a check of its parameters; `path` is that of the template.

        `Fault` where a value breaks a constraint of its parameter. A parameter whose value is not known is passed over.
        """
        declared = member(self.template, "parameters")
        for name, one in declared.items() if isinstance(declared, Mapping) else ():
            try:
                value = self._parameter(name)
            except NotEvaluated:
                continue
            here, definitions = f"{path}.parameters.{name}", member(self.template, "definitions")
            for place, reason in constraint_faults(value, one, here, definitions):
                raise Fault(path=place, reason=reason)
        return self

    def _text(self, text: str, path: str) -> object:
        if not is_expression(text):
            return literal(text)
        scope = Scope(
            parameter=self._parameter,
            variable=self._variable,
            indexes=self.indexes,
            turn=self.turn,
            subscription=self.subscription,
            group=self.group,
            spend=self._spend,
        )
        try:
            return evaluated(text, scope)
        except NotEvaluated as error:
            raise Fault(path=path, reason=f"{_in_short(text)!r} is a template expression: {error}") from None

    def _spend(self, steps: int) -> None:
        if sum(1 for _ in islice(self.steps, steps)) < steps:
            raise NotEvaluated(f"the template takes more than {_MOST_STEPS:,} steps to evaluate")

    def _loops(self, value: Mapping[str, object], path: str) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, loops in value.items():
            if not _is_loops(key, loops) or not isinstance(loops, list):
                if key.lower() == "copy" and isinstance(loops, Mapping) and member(loops, "input") is not None:
                    raise Fault(path=f"{path}.{key}", reason="expected a list of loops, got one loop alone")
                continue
            for place, loop in enumerate(loops):
                here = f"{path}.{key}[{place}]"
                name = loop.get("name")
                if not isinstance(name, str) or "input" not in loop:
                    raise Fault(path=here, reason="expected a loop with name, count and input")
                turns = range(self.count(loop, here))
                found[name] = [self.within(name, turn).value(loop["input"], f"{here}.input") for turn in turns]
        return found

    def _parameter(self, name: str) -> object:
        given = member(self.given, name, _NOTHING)
        if isinstance(given, Fault):
            raise NotEvaluated(str(given))
        if given is not _NOTHING:
            return given
        declared = self._declared("parameters", name)
        default = member(declared, "defaultValue", _NOTHING) if isinstance(declared, Mapping) else _NOTHING
        if default is _NOTHING and isinstance(declared, Mapping) and member(declared, "nullable") is True:
            return None
        if default is _NOTHING:
            raise NotEvaluated(f"the parameter {name!r} has no value; --parameters FILE may give it")
        return self._once(f"parameters.{name}", lambda: default)

    def _variable(self, name: str) -> object:
        def declared() -> object:
            value = self._declared("variables", name)
            if value is _NOTHING:
                raise NotEvaluated(f"there is no variable {name!r}")
            return value

        return self._once(f"variables.{name}", declared)

    def _once(self, key: str, written: Callable[[], object]) -> object:
        """The value of a variable or a default: evaluated where it is first asked for, and kept."""
        turns = (key.lower(), *self.indexes.items())
        if turns not in self.known:
            value = self._resolved(key, written())
            if _is_larger(value, _LARGEST):
                raise NotEvaluated(f"{key} holds more than {_LARGEST:,} values")
            self.known[turns] = value
        return self.known[turns]

    def _declared(self, section: str, name: str) -> object:
        declared = member(self.template, section)
        if not isinstance(declared, Mapping):
            return _NOTHING
        found = member(declared, name, _NOTHING)
        listed = member(declared, "copy")
        if found is _NOTHING and section == "variables" and isinstance(listed, list):
            loops = [one for one in listed if isinstance(one, Mapping) and str(one.get("name")).lower() == name.lower()]
            return member(self._loops({"copy": loops}, f"$.{section}"), name, _NOTHING)
        return found

    def _resolved(self, key: str, value: object) -> object:
        """A default or a variable, whose text may hold expressions itself; a circle of them has no value."""
        if key in self.open_names:
            raise NotEvaluated(f"{key} is defined by itself")
        inner = replace(self, open_names=self.open_names | {key})
        try:
            return inner.value(value, f"$.{key}")
        except Fault as fault:
            raise NotEvaluated(str(fault)) from None


_NOTHING = object()


def _in_short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:120]}…"


def _is_larger(value: object, most: int) -> bool:
    """Whether there are more than so many values in a value, one that stands in several places counted in each."""
    left, waiting = most, [value]
    while waiting and left >= 0:
        one = waiting.pop()
        left -= 1
        if isinstance(one, Mapping | list):
            waiting.extend(one.values() if isinstance(one, Mapping) else one)
    return left < 0


def _is_loops(key: str, value: object) -> bool:
    return key.lower() == "copy" and isinstance(value, list) and all(isinstance(one, Mapping) for one in value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of a template: its text as written, where it stands, and by which evaluation its values are known.

    `kind` is its type in lower case, empty where it has none. `properties` are None where they are no object.
    """

    body: Mapping[str, object]
    path: str
    evaluation: Evaluation
    kind: str
    properties: Mapping[str, object] | None
    parents: tuple[str, ...] = ()


def resources_of(template: Mapping[str, object], path: str, evaluation: Evaluation) -> Iterator[Resource]:
    """Every resource that the template deploys: nested templates and child resources too, loops written out.

    A resource whose `condition` is false is left out. `Fault` where a type, a condition, a loop or a nested template
    cannot be known.
    """
    yield from _listed(member(template, "resources"), f"{path}.resources", evaluation, ())


def _listed(value: object, path: str, evaluation: Evaluation, parents: tuple[str, ...]) -> Iterator[Resource]:
    if isinstance(value, list):
        places: list[tuple[object, str]] = [(one, f"{path}[{index}]") for index, one in enumerate(value)]
    elif isinstance(value, Mapping):  # by symbolic name, as Bicep compiles it
        places = [(one, f"{path}.{name}") for name, one in value.items()]
    else:
        return
    for one, here in places:
        if isinstance(one, Mapping):
            yield from _looped(one, here, evaluation, parents)


def _looped(
    body: Mapping[str, object], path: str, evaluation: Evaluation, parents: tuple[str, ...]
) -> Iterator[Resource]:
    loop = member(body, "copy")
    if not isinstance(loop, Mapping):
        yield from _deployed(body, path, evaluation, parents)
        return
    name = loop.get("name")
    if not isinstance(name, str):
        raise Fault(path=f"{path}.copy.name", reason=f"expected the name of the loop, got {name!r:.60}")
    for turn in range(evaluation.count(loop, f"{path}.copy")):
        here = replace(evaluation.within(name, turn), turn=turn)
        yield from _deployed(body, f"{path}[{turn}]", here, parents)


def _deployed(
    body: Mapping[str, object], path: str, evaluation: Evaluation, parents: tuple[str, ...]
) -> Iterator[Resource]:
    if member(body, "existing") is True:  # a reference to what another deployment made
        return
    kind = str(evaluation.value(member(body, "type", ""), f"{path}.type")).lower()
    decides = kind in _DECIDING
    children = member(body, "resources")
    below = _listed(children, f"{path}.resources", evaluation, (*parents, str(member(body, "name"))))
    condition = member(body, "condition", _NOTHING)
    if decides and condition is not _NOTHING and not evaluation.truth(condition, f"{path}.condition"):
        yield from below  # a condition holds for its own resource alone
        return
    properties = member(body, "properties")
    if decides and isinstance(properties, str):
        properties = evaluation.value(properties, f"{path}.properties")
    known = properties if isinstance(properties, Mapping) else None
    yield Resource(body=body, path=path, evaluation=evaluation, kind=kind, properties=known, parents=parents)
    yield from below
    inner = member(known, "template") if known is not None else None
    if isinstance(inner, str) and kind == DEPLOYMENT:
        raise Fault(path=f"{path}.properties.template", reason="a template that an expression gives is not read")
    if known is not None and isinstance(inner, Mapping):
        yield from resources_of(inner, f"{path}.properties.template", _inner(body, known, inner, path, evaluation))


def _inner(
    body: Mapping[str, object],
    properties: Mapping[str, object],
    template: Mapping[str, object],
    path: str,
    evaluation: Evaluation,
) -> Evaluation:
    """By which values a nested template is evaluated: its own where its scope is inner, else the outer ones.

    A parameter whose value cannot be known is a fault only where the nested template uses it.
    """
    options = member(properties, "expressionEvaluationOptions")
    if not isinstance(options, Mapping) or str(member(options, "scope", "outer")).lower() != "inner":
        return evaluation
    here = f"{path}.properties.parameters"
    parameters = member(properties, "parameters")
    if isinstance(parameters, Mapping):
        own = member(template, "parameters")
        for name in parameters:
            if not isinstance(own, Mapping) or member(own, name) is None:
                raise Fault(path=f"{here}.{name}", reason="the template of this deployment declares no such parameter")
        given = {name: _given(one, f"{here}.{name}", evaluation) for name, one in parameters.items()}
    elif parameters is None and member(properties, "parametersLink") is None:
        given = {}
    else:
        declared = member(template, "parameters")
        unknown = Fault(path=here, reason="the values of the parameters are not in this file")
        given = dict.fromkeys(declared if isinstance(declared, Mapping) else (), unknown)
    there = [
        str(evaluation.value(member(body, name, known), f"{path}.{name}"))
        for name, known in (("subscriptionId", evaluation.subscription), ("resourceGroup", evaluation.group))
    ]
    steps = evaluation.steps
    inner = Evaluation(template=template, given=given, subscription=there[0], group=there[1], steps=steps)
    return inner.checked(f"{path}.properties.template")


def _given(holder: object, path: str, evaluation: Evaluation) -> object:
    """The value that a deployment gives to a parameter of its template; the fault where it cannot be known."""
    try:
        value = evaluation.value(holder, path)
    except Fault as fault:
        return fault
    nothing = Fault(path=path, reason="no plain value is given for this parameter")
    return member(value, "value", nothing) if isinstance(value, Mapping) else nothing
