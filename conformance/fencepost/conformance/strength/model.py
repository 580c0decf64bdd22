"""The figures of a strength run as plain frozen values: what the table shows and the JSON file holds."""

from msgspec import Struct


class _Value(Struct, frozen=True, kw_only=True, rename="camel"):
    """A JSON object of the result: camelCase, members in the order of the class."""


class Score(_Value, frozen=True, kw_only=True):
    """How many of some mutants died: `share` is the mean over the seeds, `worst` the share in the worst of them."""

    name: str
    mutants: int
    share: float
    worst: float


class Price(_Value, frozen=True, kw_only=True):
    """What the first kill cost, over all mutants and seeds, in one unit; None where more survived than that.

    `slowest` are the mutants that took longest and died, with what each cost.
    """

    unit: str
    median: float | None
    ninetieth: float | None
    slowest: tuple[tuple[str, int], ...]


class At(_Value, frozen=True, kw_only=True):
    """The score that so many of a unit buy."""

    unit: str
    spent: int
    share: float


class Order(_Value, frozen=True, kw_only=True):
    """What an order of asking buys where configurations are dear: the score by configurations, and by decisions.

    Of the mutants that a decisions-only subject can carry, over `seeds` seeds.
    """

    name: str
    says: str
    mutants: int
    seeds: int
    by_configurations: tuple[tuple[int, float], ...]
    by_decisions: tuple[tuple[int, float], ...]


class Survivor(_Value, frozen=True, kw_only=True):
    """A mutant that some seed did not kill, with its story; `trouble` is what kept a trial from its end."""

    mutant: str
    profile: str
    clause: str
    group: str
    direction: str
    story: str
    killed: int
    seeds: int
    trouble: str = ""


class Row(_Value, frozen=True, kw_only=True):
    """One clause of the matrix: the mutants that it failed, its own first.

    `applies` is False where the vault under the mutants is not asked for it, `claimed` where no mutant names it.
    """

    clause: str
    applies: bool
    claimed: bool
    own: tuple[str, ...]
    foreign: tuple[str, ...]
    decisive: int
    required: int


class Stray(_Value, frozen=True, kw_only=True):
    """A mutant that died, but by none of the clauses that are its own."""

    mutant: str
    clauses: tuple[str, ...]
    failed: tuple[str, ...]


class Balance(_Value, frozen=True, kw_only=True):
    """How the decisions on the unflawed vault came out, and what its run cost."""

    decisions: int
    allowed: int
    denied: int
    resets: int
    writes: int
    configurations: int


class Covered(_Value, frozen=True, kw_only=True):
    """Cells asked of cells that there are."""

    name: str
    covered: int
    of: int
    missing: tuple[str, ...]


class ArmResult(_Value, frozen=True, kw_only=True):
    """One suite beside the others, with the same number of decisions allowed.

    `asked` is what it can ask at most (a fixed set ends), `median` its decisions to the first kill over all mutants
    (None where it kills fewer than half), `median_of_common` over those that every arm kills.
    """

    name: str
    says: str
    asked: int
    share: float
    median: float | None
    median_of_common: float | None
    curve: tuple[tuple[int, float], ...]


class Strength(_Value, frozen=True, kw_only=True):
    """A whole strength run."""

    kit_version: str
    effort: str
    seeds: int
    profiles: tuple[str, ...]
    mutants: int
    allowed: int
    scores: tuple[Score, ...]
    groups: tuple[Score, ...]
    prices: tuple[Price, ...]
    bought: tuple[At, ...]
    orders: tuple[Order, ...]
    stable: int
    unstable: tuple[Survivor, ...]
    survivors: tuple[Survivor, ...]
    matrix_effort: str
    matrix: tuple[Row, ...]
    strays: tuple[Stray, ...]
    balance: Balance
    coverage: tuple[Covered, ...]
    arms: tuple[ArmResult, ...]
    kills: dict[str, tuple[str, ...]]
