"""`fencepost clean`: what a run that was killed has left at an endpoint."""

import click


@click.command()
def clean() -> None:
    """."""
