"""`fencepost clean`: what a run that was killed has left at an endpoint."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from fencepost.adapters.azure.target import TargetError, load_target

if TYPE_CHECKING:
    from fencepost.adapters.azure_client.cleaning import Leftover


@click.command()
@click.argument("target", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE.toml")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and leave it.")
def clean(*, target: Path, dry_run: bool) -> None:
    """Remove the vaults and networks that carry the tag of our own runs, and nothing else.

    Looks in the target's resource group for vaults, and every subscription that the identity sees for networks. A run
    that is still going on loses its vault, too: wait for it.
    """
    try:
        from fencepost.adapters.azure_client.cleaning import cleaned
    except ImportError as error:
        raise click.UsageError(f'clean needs {error.name}. Try: pip install "fencepost[azure]"') from None
    try:
        found = asyncio.run(cleaned(load_target(target), removes=not dry_run))
    except (TargetError, OSError) as error:
        raise click.UsageError(str(error)) from None
    _say(found, "found" if dry_run else "removed")


def _say(found: "Iterable[Leftover]", verb: str) -> None:
    lines = [f"{verb}: {leftover.kind} {leftover.name}" for leftover in found]
    click.echo("\n".join(lines) if lines else "nothing of ours is there")
