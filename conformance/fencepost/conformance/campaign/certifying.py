"""The certificate of a campaign: why there is none, what its bundle holds, and how a reader checks it."""

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from fencepost.conformance.campaign.merging import Incomplete, complete_streams, reports_of
from fencepost.conformance.campaign.plan_file import CampaignPlan, PlanRefused, Task, plan_from_json, plan_to_json
from fencepost.conformance.campaign.planning import checked
from fencepost.conformance.campaign.stream import StreamRefused, as_streamed, transcripts_of
from fencepost.conformance.campaign.task import circumstances, found_on
from fencepost.conformance.certificate.bundle import LARGEST, PLAN, Bundle
from fencepost.conformance.certificate.replaying import Transcript, TranscriptDiffers, transcripts_in
from fencepost.conformance.certificate.verification import CONSISTENT, Finding, consistency, most_of
from fencepost.conformance.lockstep.clock import using_clock
from fencepost.conformance.run.findings import Findings
from fencepost.conformance.run.plan import Listener
from fencepost.reports.model import Report
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import visible

_MOST = LARGEST - 4 * 1024**2
"""The largest size of all transcripts, in bytes: what a bundle can hold, with room for its other members."""


class TooLarge(ValueError):
    """The recorded answers are larger than a bundle can be."""


def why_not_by_plan(plan: CampaignPlan, mask: Mask) -> tuple[str, ...]:
    """Every reason why a campaign by this plan gives no certificate, whatever it finds; empty if there is none."""
    recipe = plan.recipe
    reasons = (
        (not recipe.transcripts, "its answers are not recorded: plan the campaign with --transcripts"),
        (len(recipe.subjects) > 1, "a certificate is of one subject: plan a campaign for each"),
        (bool(recipe.known), "it tolerates known failures: plan the campaign without --known"),
        (recipe.profile is not None, "it judges by a profile of the plan: plan the campaign without --profile"),
        (recipe.settle is not None, "it waits for a settle time of the plan: plan the campaign without --settle"),
        (mask.apply(recipe.subjects) != recipe.subjects, "its subject string holds what looks like a secret"),
    )
    return tuple(reason for holds, reason in reasons if holds)


def in_numbers(plan: CampaignPlan) -> Mapping[str, object]:
    """What a certificate says of the campaign: its id, and in how many shards, tasks and seeds it was asked."""
    tasks = sum(len(shard.tasks) for shard in plan.shards)
    return {"id": plan.campaign, "shards": len(plan.shards), "tasks": tasks, "seeds": plan.recipe.seeds}


def transcripts(plan: CampaignPlan, folder: Path) -> bytes:
    """The transcripts of all tasks, one after another in the order of the shards.

    `Incomplete` where one is missing. `TooLarge` where no bundle could hold them.
    """
    found = bytearray()
    streams = complete_streams(plan, folder)
    for shard in plan.shards:
        try:
            for transcript in transcripts_of(streams[shard.number]):
                found += transcript
                if len(found) > _MOST:
                    raise TooLarge(f"no bundle holds more than {_MOST:,} bytes of answers: plan fewer seeds")
        except StreamRefused as error:
            problem = f"{streams[shard.number]}: is corrupted: {error}"
            raise Incomplete(problems=(problem,), again=(shard.number,)) from None
    return bytes(found)


def campaign_consistency(bundle: Bundle, listener: Listener = lambda _: None) -> Finding:
    """Transcript consistent: every task of the plan, run over its recorded answers, and all of them merged.

    The merged report must be that of the bundle, and its certificate must name the campaign.
    """
    try:
        plan = checked(plan_from_json(bundle.members[PLAN], Path(PLAN)), Path(PLAN))
    except PlanRefused as error:
        return Finding(name=CONSISTENT, against=(visible(f"{PLAN}: {error.reason}"),))
    is_canonical = plan_to_json(plan) == bundle.members[PLAN]
    if against := (*why_not_by_plan(plan, Mask.of({})), *(() if is_canonical else ("not written as a plan is",))):
        return Finding(name=CONSISTENT, against=tuple(f"{PLAN}: {reason}" for reason in against))
    return consistency(bundle, listener, again=partial(_merged_again, plan), campaign=in_numbers(plan))


def _merged_again(plan: CampaignPlan, stated: Report, packed: bytes, listener: Listener) -> Report:
    (report,) = reports_of(plan, _found_again(plan, packed, most_of(stated), listener))
    return report


def _found_again(plan: CampaignPlan, packed: bytes, most: int, listener: Listener) -> Iterator[tuple[Task, Findings]]:
    recorded = transcripts_in(packed, most=most)
    part = ""
    try:
        for shard in plan.shards:
            for number, task in enumerate(shard.tasks, start=1):
                part = f"shard {shard.number}, task {number}"
                transcript = next(recorded, None)
                if transcript is None:
                    raise TranscriptDiffers(line=1, reason="the transcript is missing")
                yield task, _replayed(plan, task, transcript, most, listener)
        part = "after the last task"
        if next(recorded, None) is not None:
            raise TranscriptDiffers(line=1, reason="there are more transcripts than tasks")
    except TranscriptDiffers as error:
        error.part = part
        raise


def _replayed(plan: CampaignPlan, task: Task, packed: bytes, most: int, listener: Listener) -> Findings:
    """What the task finds in the recorded answers; `TranscriptDiffers` where they are not of this task."""
    transcript = Transcript(packed, most=most)
    transcript.check_plan(circumstances(task, plan.recipe))
    with using_clock(transcript.clock):
        findings = found_on(transcript.connection(), task, plan.recipe, listener)
    transcript.end()
    return as_streamed(findings)
