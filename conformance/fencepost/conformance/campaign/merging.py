"""Merging the streams of a campaign: one report for each subject, and none while a shard is missing or there twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from fencepost.conformance.campaign.gathering import together
from fencepost.conformance.campaign.plan_file import CampaignPlan, Task
from fencepost.conformance.campaign.stream import PATTERN, StreamRefused, checked_stream, findings_in
from fencepost.conformance.campaign.task import plan_of
from fencepost.conformance.capabilities import Capabilities, profile_of
from fencepost.conformance.regression.baseline import Baseline
from fencepost.conformance.run.findings import Findings
from fencepost.conformance.run.reporting import report_of
from fencepost.reference import load_profile
from fencepost.reports.counted import counted
from fencepost.reports.model import CAMPAIGN, Report
from fencepost.reports.summary import typed


@dataclass(kw_only=True, eq=False)
class Incomplete(ValueError):
    """There is no verdict: what is wrong with the streams, a line each, and the numbers of the shards to run again."""

    problems: tuple[str, ...]
    again: tuple[int, ...]

    def __str__(self) -> str:
        return "\n".join(self.problems)


def merged(plan: CampaignPlan, folder: Path) -> tuple[Report, ...]:
    """A report for each subject, in the plan's order; `Incomplete` unless the folder has each shard's stream once.

    The streams are read one line at a time, in the order of the shards. So the reports do not depend on the order of
    the runs.
    """
    return reports_of(plan, _found_in(plan, complete_streams(plan, folder)))


def _found_in(plan: CampaignPlan, streams: Mapping[int, Path]) -> Iterator[tuple[Task, Findings]]:
    for shard in plan.shards:
        try:
            yield from zip(shard.tasks, findings_in(streams[shard.number]), strict=True)
        except StreamRefused as error:
            problem = f"{streams[shard.number]}: is corrupted: {error}"
            raise Incomplete(problems=(problem,), again=(shard.number,)) from None


def reports_of(plan: CampaignPlan, found: Iterable[tuple[Task, Findings]]) -> tuple[Report, ...]:
    """A report for each subject, in the plan's order, of what all tasks have found, in the order of the shards."""
    added: dict[int, Findings] = {}
    for task, findings in found:
        before = added.get(task.subject)
        added[task.subject] = findings if before is None else together(before, findings)
    return tuple(_report(plan, subject, added[subject]) for subject in range(len(plan.recipe.subjects)))


def complete_streams(plan: CampaignPlan, folder: Path) -> Mapping[int, Path]:
    """The stream of each shard by its number; `Incomplete` unless the folder, or those in it, have each once."""
    found: dict[int, list[Path]] = defaultdict(list)
    problems, broken = [], set[int]()
    for path in sorted(folder.rglob(PATTERN)):
        try:
            found[checked_stream(path, plan).number].append(path)
        except StreamRefused as error:
            problems.append(f"{path}: {error}")
            if error.header is not None:
                broken.add(error.header.number)
    missing = [shard.number for shard in plan.shards if shard.number not in found]
    problems += [f"shard {number} is missing" for number in missing if number not in broken]
    problems += _doubled(found)
    if problems:
        raise Incomplete(problems=tuple(problems), again=tuple(missing))
    return {number: path for number, (path,) in found.items()}


def _doubled(found: Mapping[int, list[Path]]) -> Iterator[str]:
    for number, paths in sorted(found.items()):
        if len(paths) > 1:
            yield f"shard {number} is there {len(paths)} times, leave one: {', '.join(map(str, paths))}"


def _report(plan: CampaignPlan, subject: int, findings: Findings) -> Report:
    recipe = plan.recipe
    statement = findings.statement
    settle = statement.settle_seconds if recipe.settle is None else recipe.settle
    profile = profile_of(statement, load_profile(recipe.profile or statement.profile))
    given = {"known": recipe.known.file if recipe.known else None}
    report = report_of(
        replace(plan_of(recipe, subject, seed=recipe.seed), further=typed(given)),
        findings,
        Capabilities.from_statement(statement, profile, settle_seconds=settle),
        profile,
        baseline=Baseline(entries=list(findings.known)),
        least_decisions=plan.floors.decisions,
    )
    tasks = sum(task.subject == subject for shard in plan.shards for task in shard.tasks)
    note = (
        f"{CAMPAIGN}{plan.campaign}: {counted(tasks, 'task')} in {counted(len(plan.shards), 'shard')}, "
        f"{counted(recipe.seeds, 'seed')} derived from the campaign; a replay has the seed of its task"
    )
    return msgspec.structs.replace(report, notes=(*report.notes, note))
