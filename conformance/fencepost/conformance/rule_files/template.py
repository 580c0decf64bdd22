"""ARM templates: parameters, variables, loops and conditions, evaluated as far as a vault's rules need it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from fencepost.conformance.rule_files.expressions import NotEvaluated, Scope, evaluated, is_expression, literal

_LONGEST_LOOP = 800
"""How often a loop of a template may run (learn.microsoft.com, "Property iteration in ARM templates", copy limits)."""


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

    `indexes` are the loops that are under way, by their names.
    """

    template: Mapping[str, object] = field(default_factory=dict)
    given: Mapping[str, object] = field(default_factory=dict)
    indexes: Mapping[str, int] = field(default_factory=dict)
    open_names: frozenset[str] = frozenset()

    def value(self, value: object, path: str) -> object:
        """The value with every expression in it evaluated and every loop written out; `Fault` where that fails."""
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, list):
            return [self.value(one, f"{path}[{index}]") for index, one in enumerate(value)]
        if isinstance(value, Mapping):
            plain = {name: self.value(one, f"{path}.{name}") for name, one in value.items() if not _is_loops(name, one)}
            return plain | self._loops(value, path)
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

    def _text(self, text: str, path: str) -> object:
        if not is_expression(text):
            return literal(text)
        scope = Scope(parameter=self._parameter, variable=self._variable, indexes=self.indexes)
        try:
            return evaluated(text, scope)
        except NotEvaluated as error:
            raise Fault(path=path, reason=f"{text!r:.120} is a template expression: {error}") from None

    def _loops(self, value: Mapping[str, object], path: str) -> dict[str, object]:
        found: dict[str, object] = {}
        for member, loops in value.items():
            if not _is_loops(member, loops) or not isinstance(loops, list):
                continue
            for place, loop in enumerate(loops):
                here = f"{path}.{member}[{place}]"
                name = loop.get("name")
                if not isinstance(name, str) or "input" not in loop:
                    raise Fault(path=here, reason="expected a loop with name, count and input")
                turns = range(self.count(loop, here))
                found[name] = [self.within(name, turn).value(loop["input"], f"{here}.input") for turn in turns]
        return found

    def _parameter(self, name: str) -> object:
        given = _member(self.given, name)
        if isinstance(given, Fault):
            raise NotEvaluated(str(given))
        if given is not _NOTHING:
            return given
        declared = self._declared("parameters", name)
        default = _member(declared, "defaultValue") if isinstance(declared, Mapping) else _NOTHING
        if default is _NOTHING:
            raise NotEvaluated(f"the parameter {name!r} has no value; --parameters FILE may give it")
        return self._resolved(f"parameters.{name}", default)

    def _variable(self, name: str) -> object:
        declared = self._declared("variables", name)
        if declared is _NOTHING:
            raise NotEvaluated(f"there is no variable {name!r}")
        return self._resolved(f"variables.{name}", declared)

    def _declared(self, section: str, name: str) -> object:
        declared = _member(self.template, section)
        if not isinstance(declared, Mapping):
            return _NOTHING
        found = _member(declared, name)
        if found is _NOTHING and section == "variables":
            loops = [one for one in declared.get("copy", ()) if isinstance(one, Mapping) and one.get("name") == name]
            return self._loops({"copy": loops}, f"$.{section}").get(name, _NOTHING) if loops else _NOTHING
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


def _member(value: Mapping[str, object], name: str) -> object:
    """The member of this name in any case."""
    return next((content for key, content in value.items() if key.lower() == name.lower()), _NOTHING)


def _is_loops(member: str, value: object) -> bool:
    return member == "copy" and isinstance(value, list) and all(isinstance(one, Mapping) for one in value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of a template: its text as written, where it stands, and by which evaluation its values are known."""

    body: Mapping[str, object]
    path: str
    evaluation: Evaluation
    parents: tuple[str, ...] = ()


def resources_of(template: Mapping[str, object], path: str, evaluation: Evaluation) -> Iterator[Resource]:
    """Every resource that the template deploys: nested templates and child resources too, loops written out.

    A resource whose `condition` is false is left out. `Fault` where a condition or a loop cannot be known.
    """
    yield from _listed(template.get("resources"), f"{path}.resources", evaluation, ())


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
    loop = body.get("copy")
    if not isinstance(loop, Mapping):
        yield from _deployed(body, path, evaluation, parents)
        return
    name = loop.get("name")
    if not isinstance(name, str):
        raise Fault(path=f"{path}.copy.name", reason=f"expected the name of the loop, got {name!r:.60}")
    for turn in range(evaluation.count(loop, f"{path}.copy")):
        yield from _deployed(body, path, evaluation.within(name, turn), parents)


def _deployed(
    body: Mapping[str, object], path: str, evaluation: Evaluation, parents: tuple[str, ...]
) -> Iterator[Resource]:
    if (
        "condition" in body
        and not _holds_no_vault(body)
        and not evaluation.truth(body["condition"], f"{path}.condition")
    ):
        return
    if body.get("existing") is True:  # a reference to what another deployment made
        return
    yield Resource(body=body, path=path, evaluation=evaluation, parents=parents)
    yield from _listed(body.get("resources"), f"{path}.resources", evaluation, (*parents, str(body.get("name"))))
    properties = body.get("properties")
    inner = properties.get("template") if isinstance(properties, Mapping) else None
    if isinstance(properties, Mapping) and isinstance(inner, Mapping):
        yield from resources_of(inner, f"{path}.properties.template", _inner(properties, inner, path, evaluation))


def _holds_no_vault(body: Mapping[str, object]) -> bool:
    """Whether a resource's condition does not matter here: it is no vault, no network and no nested deployment."""
    kind = str(body.get("type", "")).lower()
    holds = ("microsoft.keyvault/vaults", "microsoft.network/virtualnetworks", "microsoft.resources/deployments")
    return not kind.startswith(holds)


def _inner(
    properties: Mapping[str, object], template: Mapping[str, object], path: str, evaluation: Evaluation
) -> Evaluation:
    """By which values a nested template is evaluated: its own where its scope is inner, else the outer ones.

    A parameter whose value cannot be known is a fault only where the nested template uses it.
    """
    options = properties.get("expressionEvaluationOptions")
    if not isinstance(options, Mapping) or str(options.get("scope", "outer")).lower() != "inner":
        return evaluation
    parameters = properties.get("parameters")
    given: dict[str, object] = {}
    for name, one in parameters.items() if isinstance(parameters, Mapping) else ():
        if isinstance(one, Mapping) and "value" in one:
            try:
                given[name] = evaluation.value(one["value"], f"{path}.properties.parameters.{name}.value")
            except Fault as fault:
                given[name] = fault
    return Evaluation(template=template, given=given)
