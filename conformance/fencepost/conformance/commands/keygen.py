"""`fencepost keygen`: a key pair to sign certificates with."""

from pathlib import Path

import click
from fencepost.conformance.certificate.keys import make_keys, read_public_key
from fencepost.conformance.commands.options import FILE
from fencepost.conformance.commands.usage import os_error_as_usage


@click.command()
@click.option("--out", type=FILE, required=True, metavar="NAME", help="The file of the private key.")
def keygen(*, out: Path) -> None:
    """Write an Ed25519 private key into NAME, readable by its owner alone, and the public key into NAME.pub.

    Neither file may exist. The private key is not encrypted: keep it with your other secrets.
    """
    with os_error_as_usage(f"--out {out}"):
        written = make_keys(out)
    click.echo(f"written: {', '.join(str(path) for path in written)}", err=True)
    click.echo(
        f"fingerprint (SHA-256 of the public key, the keyid of its signatures): {read_public_key(written[1]).id}"
    )
