"""The figures of a strength run on a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from fencepost.conformance.commands.console import table
from fencepost.conformance.strength.false_alarms import FalseAlarms
from fencepost.conformance.strength.model import Covered, Row, Score, Strength, Survivor
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

_FEW = 12
_SPENDS = (1, 2, 4, 8, 12, 20, 40, 64)


def drawn(strength: Strength) -> Iterator[RenderableType]:
    """Every figure; long lists are cut, and the JSON file has them in full."""
    yield Text(
        f"fencepost {strength.kit_version}: {strength.mutants} mutants, {' and '.join(strength.profiles)}, "
        f"effort {strength.effort}, seeds 0 to {strength.seeds - 1}",
        style="bold",
    )
    yield from _part("score", _scores(strength))
    yield from _part("what a kill costs", _prices(strength))
    yield from _part(f"side by side, {strength.allowed:,} decisions allowed", _arms(strength))
    if strength.matrix:
        yield from _part(f"clauses (whole runs, seed 0, {strength.matrix_effort})", _matrix(strength))
    yield from _part("what the correct vault is asked", _asked(strength))
    yield from _part("survivors", _survivors(strength))


def acquittals(found: Iterable[FalseAlarms]) -> RenderableType:
    """A table of the failures reported in correct implementations."""
    rows = [
        (one.subject, f"{one.seeds}", f"{one.decisions:,}", ", ".join(one.alarms) or "none", ", ".join(one.results))
        for one in found
    ]
    return table(("correct implementation", "seeds", "decisions", "false alarms", "result"), rows)


def _part(title: str, body: Iterable[RenderableType]) -> Iterator[RenderableType]:
    yield Text()
    yield Text(title, style="bold")
    for one in body:
        yield Padding(one, (0, 0, 0, 2))


def _scores(strength: Strength) -> Iterator[RenderableType]:
    def rows(scores: Iterable[Score]) -> Iterator[tuple[str, str, str, str]]:
        for one in scores:
            yield (f"{one.share:.3f}", f"{one.worst:.3f}", f"{one.mutants}", one.name)

    columns = ("mean", "worst seed", "mutants", "which")
    yield table(columns, [*rows(strength.scores), *rows(strength.groups)])
    some, none = len(strength.unstable), len(strength.survivors)
    yield Text(f"{strength.stable} mutants die in every seed, {some} in some, {none} in none")


def _prices(strength: Strength) -> Iterator[RenderableType]:
    rows = []
    for price in strength.prices:
        slowest = ", ".join(f"{name} {cost:,}" for name, cost in price.slowest)
        rows.append((price.unit, _number(price.median), _number(price.ninetieth), slowest))
    yield table(("to the first kill", "median", "p90", "slowest"), rows)
    for unit in dict.fromkeys(at.unit for at in strength.bought):
        text = "; ".join(f"{at.share:.3f} at {at.spent:,}" for at in strength.bought if at.unit == unit)
        which = " (mutants that decisions alone show, as decisions-only subjects)" if unit == "configurations" else ""
        yield Text(f"score by {unit}{which}: {text}")
    for order in strength.orders:
        curve = dict(order.by_configurations)
        text = "; ".join(f"{curve[spent]:.3f} at {spent}" for spent in _SPENDS)
        yield Text(f"score by configurations, {order.name} order ({order.says}; {order.mutants} mutants): {text}")


def _arms(strength: Strength) -> Iterator[RenderableType]:
    rows = [
        (
            arm.name,
            f"{arm.share:.3f}",
            _number(arm.median),
            _number(arm.median_of_common),
            f"{arm.asked:,}",
            arm.says,
        )
        for arm in strength.arms
    ]
    columns = ("arm", "score", "median", "median of common", "asks", "what it is")
    yield table(columns, rows)
    yield Text("median: decisions to the first kill over all mutants; of common: over those that every arm kills")


def _number(value: float | None) -> str:
    return "never" if value is None else f"{value:,.0f}"


def _matrix(strength: Strength) -> Iterator[RenderableType]:
    def cells(row: Row) -> tuple[str, ...]:
        untested = "UNTESTED: it applies and kills nothing" if row.claimed else "no mutant tried here breaks it"
        remark = "" if row.own or row.foreign else untested
        return (row.clause, f"{len(row.own)}", f"{len(row.foreign)}", f"{len(row.alone)}", f"{row.decisive:,}", remark)

    columns = ("clause", "own mutants failed", "others'", "alone", "decisive", "")
    yield table(columns, [cells(row) for row in strength.matrix if row.applies])
    silent = [row.clause for row in strength.matrix if not row.applies]
    if silent:
        yield Text(f"not applicable to the vault under the mutants: {', '.join(silent)}")
    strays = strength.strays
    yield Text(f"{len(strays)} mutants die by other clauses than their own" + (":" if strays else ""))
    for stray in strays[:_FEW]:
        yield Text(f"  {stray.mutant}: its own {', '.join(stray.clauses)}; failed {', '.join(stray.failed)}")
    yield from _rest(strays)


def _asked(strength: Strength) -> Iterator[RenderableType]:
    balance = strength.balance
    total = max(1, balance.allowed + balance.denied)
    yield Text(
        f"{balance.decisions:,} decisions, {balance.allowed / total:.0%} allowed, {balance.denied / total:.0%} denied; "
        f"{balance.resets:,} resets, {balance.writes:,} writes, {balance.configurations:,} configurations"
    )
    for one in strength.coverage:
        yield Text(_covered(one))


def _covered(one: Covered) -> str:
    missing = f"; never asked: {'; '.join(one.missing[:_FEW])}" if one.missing else ""
    more = f" and {len(one.missing) - _FEW} more" if len(one.missing) > _FEW else ""
    return f"{one.name}: {one.covered} of {one.of}{missing}{more}"


def _survivors(strength: Strength) -> Iterator[RenderableType]:
    if not strength.survivors and not strength.unstable:
        yield Text("none")
    for one in (*strength.survivors, *strength.unstable):
        yield _survivor(one)


def _survivor(one: Survivor) -> Text:
    text = Text.assemble((one.mutant, "bold"), f" ({one.clause}, {one.group}, fails {one.direction}, {one.profile}")
    text.append(f", killed in {one.killed} of {one.seeds} seeds)" if one.killed else ")")
    text.append(f"\n  {one.story}")
    return text.append(f"\n  {one.trouble}", style="yellow") if one.trouble else text


def _rest(found: Sequence[object]) -> Iterator[RenderableType]:
    if len(found) > _FEW:
        yield Text(f"  and {len(found) - _FEW} more; the JSON file has them all")
