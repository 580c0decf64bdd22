"""What no single key of a `cli:` file shows to be wrong, but two together do."""

from collections.abc import Iterator

import msgspec
from fencepost.adapters.cli.sections import CliFile, Decide, Says
from fencepost.adapters.declared.commands import ambiguous
from fencepost.adapters.declared.engine import ASKED
from fencepost.adapters.declared.loading import refusals_are_read, requests_are_distinguished, used
from fencepost.adapters.declared.reading import compiled
from fencepost.adapters.declared.texts import names_anywhere, names_in, uses
from fencepost.adapters.mistakes import Mistake

_OF_WAY = {
    "one": frozenset({"stdin", "parallel"}),
    "batch": frozenset({"each", "absent", "done", "batch-size", "parallel"}),
    "stays": frozenset({"each", "ready", "rules", "accepted", "refused"}),
}
_WAYS = frozenset().union(*_OF_WAY.values())


def mistakes_of(file: CliFile) -> Iterator[Mistake]:
    """Every mistake of the section `decide`, and of what the other sections ask of it."""
    decide = file.decide
    yield from _keys_of_other_ways(decide)
    yield from _addressed(decide)
    yield from _readings(decide)
    yield from _rules_arrive(file)
    yield from requests_are_distinguished(file, decide)
    commands = [one for one in (file.rules.check, file.rules.apply) if one is not None]
    yield from refusals_are_read(file, decide.refused is not None or any(one.refused for one in commands))
    kinds = {name.partition(".")[0] for name in names_anywhere(msgspec.to_builtins(file))}
    for name in ("pid", "port"):
        if name in kinds:
            yield Mistake(path="the file", says=f"${{{name}}} is known in rest: files alone, which start a service")


def _keys_of_other_ways(decide: Decide) -> Iterator[Mistake]:
    given = msgspec.to_builtins(decide)
    defaults = {field.encode_name: field.default for field in msgspec.structs.fields(Decide)}
    for key in sorted(_WAYS - _OF_WAY[decide.way]):
        if given[key] not in (None, msgspec.to_builtins(defaults[key])):
            ways = " and ".join(repr(way) for way, keys in _OF_WAY.items() if key in keys)
            yield Mistake(path=f"decide.{key}", says=f"it belongs to the way {ways}, and way is {decide.way!r}")


def _addressed(decide: Decide) -> Iterator[Mistake]:
    if decide.way == "one":
        if not uses([decide.run, decide.stdin], "address"):
            yield Mistake(
                path="decide.run", says="neither run nor stdin says ${address}: the tool would not know who asks"
            )
    elif decide.each is None:
        yield Mistake(
            path="decide.each", says=f"it is missing; way = {decide.way!r} sends such a line for each request"
        )
    elif "address" not in names_in(decide.each):
        yield Mistake(path="decide.each", says="it does not say ${address}: the tool would not know who asks")
    elif "\n" in decide.each:
        yield Mistake(path="decide.each", says="it is one line; its end is added")
    for name in ASKED:
        if decide.way != "one" and uses(decide.run, name):
            yield Mistake(
                path="decide.run", says=f"${{{name}}} is known in way = 'one' alone, and way is {decide.way!r}"
            )


def _readings(decide: Decide) -> Iterator[Mistake]:
    outcomes = decide.outcomes
    if decide.deny is None and decide.absent is None:
        says = "it is missing: nothing would mean deny, and whatever nothing maps is an error"
        yield Mistake(path="decide.deny", says=says)
    if decide.way == "one":
        yield from ambiguous(outcomes, "decide")
        for name, one in outcomes.items():
            if one.line is not None:
                yield Mistake(path=f"decide.{name}.line", says="way = 'one' reads exit, stdout, stderr and json")
        return
    for name, mapping in (*outcomes.items(), ("accepted", decide.accepted), ("refused", decide.refused)):
        if mapping is None:
            continue
        if mapping.line is None and mapping.json is None:
            yield Mistake(path=f"decide.{name}", says=f"way = {decide.way!r} reads lines: it takes line or json")
        if (mapping.exit, mapping.stdout, mapping.stderr) != (None, None, None):
            yield Mistake(path=f"decide.{name}", says=f"way = {decide.way!r} reads lines: it has line and json alone")
    if decide.way == "batch":
        yield from ambiguous({"done": decide.done}, "decide")
        yield from _keyed(decide, outcomes)


def _keyed(decide: Decide, outcomes: dict[str, Says]) -> Iterator[Mistake]:
    keyed = {name for name, says in outcomes.items() if says.line and "key" in compiled(says.line).groupindex}
    if keyed and keyed != set(outcomes):
        missing = ", ".join(sorted(set(outcomes) - keyed))
        yield Mistake(path="decide", says=f"either every line has a group (?P<key>…) or none has; {missing} has none")
    if decide.absent is not None and not keyed:
        yield Mistake(
            path="decide.absent", says="it takes lines with a group (?P<key>…) that say which request they mean"
        )


def _rules_arrive(file: CliFile) -> Iterator[Mistake]:
    decide, rules = file.decide, file.rules
    used_rules = uses([decide.run, decide.stdin, decide.env, decide.rules or ""], "rules")
    commanded = any(one is not None and uses(msgspec.to_builtins(one), "rules") for one in (rules.check, rules.apply))
    if rules.file is None and not used_rules and not commanded:
        yield Mistake(
            path="rules", says="the rules go nowhere: name a file, or say ${rules} in decide.run, stdin, env or rules"
        )
    if rules.file is None and used(file, "rules_file"):
        yield Mistake(path="rules.file", says="it is missing, and ${rules_file} stands for it")
    if decide.rules is not None and decide.accepted is None:
        yield Mistake(path="decide.accepted", says="it is missing; decide.rules is answered with a line")
    if decide.rules is None and (decide.accepted or decide.refused):
        says = "without decide.rules nothing asks for it; rules.check and rules.apply have their own"
        yield Mistake(path="decide.accepted" if decide.accepted else "decide.refused", says=says)
