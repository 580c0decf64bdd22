"""Stored counterexamples in a folder that shards share: what one shard has found, the tasks after it ask first."""

from collections.abc import Sequence
from pathlib import Path

from fencepost.conformance.regression.reading import NotACase
from fencepost.conformance.regression.stored_case import StoredCase, store, stored_from
from fencepost.conformance.rule_files.json_file import UnreadableInput
from fencepost.conformance.run.campaign import Campaign
from fencepost.conformance.run.earlier import cases_at, replay_stored
from fencepost.conformance.run.findings import Findings
from fencepost.conformance.run.opening import CannotBegin
from fencepost.reports.secrets import Mask


def replay_shared(run: Campaign, folder: Path) -> None:
    """Replay the cases that the folder has by now; `CannotBegin` where a file there is none."""
    replay_stored(run, _cases(folder), folder)


def _cases(folder: Path) -> Sequence[StoredCase]:
    try:
        return cases_at(folder)
    except (NotACase, UnreadableInput) as error:
        raise CannotBegin(reasons=(str(error),)) from None


def store_found(findings: Findings, profile: str, folder: Path) -> None:
    """Store each counterexample that the folder does not have yet; `OSError` where it cannot be written."""
    found = [case for record in findings.tally.records.values() for case in record.failures]
    store([stored_from(case, profile) for case in Mask.of_here().apply(found)], folder)
