"""The file of a campaign: what is to be asked, cut into numbered shards; written, and read back strictly."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import msgspec
from fencepost.conformance.campaign.groups import Cost
from fencepost.conformance.catalogue import catalogue
from fencepost.conformance.regression.known import FORMAT, VERSION, KnownFailure, known_from_json
from fencepost.reports.visible import visible
from msgspec import Struct


class _Value(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A JSON object of the file."""


class KnownList(_Value, frozen=True, kw_only=True):
    """A list of known failures: the name of its file, and its entries as the file has them."""

    file: str
    entries: tuple[dict[str, object], ...]

    def failures(self) -> tuple[KnownFailure, ...]:
        """The entries; `NotACase` where the list is none."""
        return known_from_json({"format": FORMAT, "version": VERSION, "entries": list(self.entries)})


class Recipe(_Value, frozen=True, kw_only=True):
    """What a campaign asks, from which all else follows: every subject by every clause group under so many seeds.

    With `transcripts` each task records every answer, as a certificate takes them.
    """

    fencepost: str = msgspec.field(default_factory=lambda: version("fencepost"))
    catalogue: str = msgspec.field(default_factory=lambda: catalogue().version)
    subjects: tuple[str, ...]
    seeds: int
    seed: int = 0
    effort: str = "quick"
    profile: str | None = None
    settle: float | None = None
    call_timeout: float = 10.0
    start_timeout: float = 30.0
    known: KnownList | msgspec.UnsetType = msgspec.UNSET
    transcripts: bool | msgspec.UnsetType = msgspec.UNSET


class Task(_Value, frozen=True, kw_only=True):
    """One run of one clause group against one subject (counted from 0), by a seed of its own."""

    id: str
    subject: int
    group: str
    seed: int


class Shard(_Value, frozen=True, kw_only=True):
    """The tasks of one machine, the heaviest first; the id is a hash of all that the shard holds."""

    number: int
    id: str
    estimate: Cost
    tasks: tuple[Task, ...]


class Floors(_Value, frozen=True, kw_only=True):
    """What the whole must have asked of each subject: below it the campaign is vacuous."""

    decisions: int


class CampaignPlan(_Value, frozen=True, kw_only=True):
    """A whole campaign; its id is a hash of its recipe."""

    campaign: str
    recipe: Recipe
    floors: Floors
    estimate: Cost
    shards: tuple[Shard, ...]


@dataclass(kw_only=True, eq=False)
class PlanRefused(ValueError):
    """The file is no plan that this fencepost can carry out; `remedy` says what to do about it, if anything."""

    path: Path
    reason: str
    remedy: str = ""

    def __str__(self) -> str:
        return visible(f"{self.path}: {self.reason}{f': {self.remedy}' if self.remedy else ''}")


def plan_to_json(plan: CampaignPlan) -> bytes:
    """The plan as JSON, a shard a line."""
    head = msgspec.json.encode(msgspec.structs.replace(plan, shards=())).removesuffix(b"]}")
    return head + b"\n" + b",\n".join(map(msgspec.json.encode, plan.shards)) + b"\n]}\n"


def plan_from_json(data: bytes, path: Path = Path("campaign.json")) -> CampaignPlan:
    """The plan in these bytes; `PlanRefused` where it is none, or one of another version.

    What follows from the recipe is not believed, but is worked out again by the reader: see `planning.checked`.
    """
    try:
        plan = msgspec.json.decode(data, type=CampaignPlan)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise PlanRefused(path=path, reason=f"is no plan of a campaign: {error}") from None
    _check_version(plan.recipe, path)
    return plan


def recipe_from_json(data: bytes) -> Recipe:
    """The recipe that another machine has sent; `PlanRefused` where it has another version."""
    recipe = msgspec.json.decode(data, type=Recipe)
    _check_version(recipe, Path("the campaign"))
    return recipe


def _check_version(recipe: Recipe, path: Path) -> None:
    for name, theirs, ours in (
        ("fencepost", recipe.fencepost, version("fencepost")),
        ("the catalogue", recipe.catalogue, catalogue().version),
    ):
        if theirs != ours:
            reason = f"was made with {name} {theirs!r:.40}, this is {ours!r}"
            raise PlanRefused(path=path, reason=reason, remedy="plan the campaign anew")
