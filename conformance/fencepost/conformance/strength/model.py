"""The figures of a strength run as plain frozen values, for the table and the JSON file."""

from msgspec import Struct


class _Value(Struct, frozen=True, kw_only=True, rename="camel"):
    """A JSON object of the result: camelCase, members in the order of the class."""


class Score(_Value, frozen=True, kw_only=True):
    """How many of a set of mutants were killed.

    `share` is the mean over the seeds, `worst` the share in the worst seed.
    """

    name: str
    mutants: int
    share: float
    worst: float


class Price(_Value, frozen=True, kw_only=True):
    """The cost of the first kill over all mutants and seeds, in one unit; None where too many survived.

    `slowest` are the killed mutants with the highest costs.
    """

    unit: str
    median: float | None
    ninetieth: float | None
    slowest: tuple[tuple[str, int], ...]


class At(_Value, frozen=True, kw_only=True):
    """The score after a given cost."""

    unit: str
    spent: int
    share: float


class Order(_Value, frozen=True, kw_only=True):
    """The score of an order of asking where configurations are expensive, by configurations and by decisions.

    It covers the mutants that a decisions-only subject can show, over `seeds` seeds.
    """

    name: str
    says: str
    mutants: int
    seeds: int
    by_configurations: tuple[tuple[int, float], ...]
    by_decisions: tuple[tuple[int, float], ...]


class Survivor(_Value, frozen=True, kw_only=True):
    """A mutant that some seed did not kill, with its story; `trouble` is the error that ended a run early."""

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
    """One clause of the matrix: the mutants that failed it, those of the clause first.

    `alone` are those that failed no other clause and broke no declared choice: without this clause they would survive.
    `applies` is False if the vault under the mutants is not asked about the clause, `claimed` if no mutant names it.
    """

    clause: str
    applies: bool
    claimed: bool
    own: tuple[str, ...]
    foreign: tuple[str, ...]
    alone: tuple[str, ...]
    decisive: int
    required: int


class Stray(_Value, frozen=True, kw_only=True):
    """A mutant that was killed, but by none of its own clauses."""

    mutant: str
    clauses: tuple[str, ...]
    failed: tuple[str, ...]


class Balance(_Value, frozen=True, kw_only=True):
    """The outcomes of the decisions on the correct vault, and the cost of its run."""

    decisions: int
    allowed: int
    denied: int
    resets: int
    writes: int
    configurations: int


class Covered(_Value, frozen=True, kw_only=True):
    """How many cells were asked, of all cells."""

    name: str
    covered: int
    of: int
    missing: tuple[str, ...]


class ArmResult(_Value, frozen=True, kw_only=True):
    """One suite in the comparison, with the same number of decisions for each suite.

    `asked` is the largest number that it can ask (a fixed set ends). `median` is its decisions to the first kill over
    all mutants (None if it kills fewer than half), and `median_of_common` over those that every suite kills.
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
