"""`fencepost campaign certify`: the merged report, the recorded answers and a signature in one bundle."""

import sys
from pathlib import Path

import click
from fencepost.conformance.campaign.certifying import TooLarge, in_numbers, transcripts, why_not_by_plan
from fencepost.conformance.campaign.merging import merged
from fencepost.conformance.campaign.plan_file import plan_to_json
from fencepost.conformance.certificate.bundle import PLAN, TRANSCRIPT
from fencepost.conformance.certificate.certificate import why_not
from fencepost.conformance.certificate.seed import FROM_SIGNER
from fencepost.conformance.commands import signing
from fencepost.conformance.commands.campaign_files import PLAN_FILE, STREAMS, in_full, plan_at
from fencepost.conformance.commands.console import show_report
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import visible


@click.command(short_help="Merge the streams of all shards, and sign the result: a bundle that others can check.")
@PLAN_FILE
@STREAMS
@signing.bundle_file
@signing.key_file
@signing.artifact_files
def certify(*, plan_file: Path, folder: Path, out: Path, key_file: Path, artifacts: tuple[str, ...]) -> None:
    """Merge the streams in DIR, and in the folders in it, and write a signed bundle if the campaign passes.

    The plan is of one subject, by --transcripts; the statement must name an immutable version. The certificate says
    that the signer chose the seeds, by the plan. Exit status: 0 certified; 2 bad usage, a plan that gives no
    certificate, a version that moves, or a shard that is missing, there twice or not whole; otherwise that of
    `campaign merge`, and no bundle is written.
    """
    made = plan_at(plan_file)
    key = signing.signing_key(key_file)
    signing.check_new(out)
    issue = signing.issue_now(signing.artifact_digests(artifacts), seed_from=FROM_SIGNER, campaign=in_numbers(made))
    if against := why_not_by_plan(made, Mask.of_here()):
        raise click.UsageError(f"{plan_file} gives no certificate: {'; '.join(against)}")
    try:
        with in_full(made, plan_file, folder):
            (report,) = merged(made, folder)
            recorded = transcripts(made, folder)
    except TooLarge as error:
        raise click.UsageError(str(error)) from None
    show_report(report)
    if against := why_not(report):
        click.echo(visible(f"not certified: {'; '.join(against)}"), err=True)
        sys.exit(report.exit_status or 2)
    signing.write_signed(report, {PLAN: plan_to_json(made), TRANSCRIPT: recorded}, out, key, issue)
