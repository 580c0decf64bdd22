"""`fencepost serve`: any subject behind Azure's wire, until a signal comes."""

import asyncio
import json
import signal
import sys
from pathlib import Path

import click
from fencepost.adapters.contract import HarnessFault, SubjectError
from fencepost.adapters.text_file import text_of


class _Share(click.ParamType):  # type: ignore[type-arg]  # a generic in newer versions alone
    name = "STATUS:SHARE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, float]:
        status, _, share = str(value).partition(":")
        try:
            asked = int(status), float(share)
        except ValueError:
            asked = 0, 0.0
        if not (400 <= asked[0] <= 599 and 0.0 < asked[1] <= 1.0):
            self.fail(f"expected a status and a share, such as 429:0.01, got {value!r}", param, ctx)
        return asked


@click.command()
@click.argument("subject", default="reference")
@click.option(
    "--target",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE.toml",
    help="Written when requests are answered, removed at the end: where the server is and how it is asked.",
)
@click.option(
    "--listen", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="The IPv4 address to listen at."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The control plane's port; 0 takes a free one.")
@click.option("--proxy-protocol", is_flag=True, help="Expect a PROXY protocol header, version 2, before TLS.")
@click.option(
    "--forwarded-hops", type=click.IntRange(0, 16), default=0, metavar="N", help="Trust the last N of X-Forwarded-For."
)
@click.option("--trust-test-headers", is_flag=True, help="Believe x-fencepost-address, -subnet, -service, -trusted.")
@click.option(
    "--state", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Keep everything over a restart."
)
@click.option(
    "--rules",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A networkAcls object in JSON: make a vault `fencepost` with these rules.",
)
@click.option("--vaults", type=click.IntRange(1, 1024), default=32, show_default=True, help="The most vault names.")
@click.option("--hosts", metavar="DOMAIN", help="Name vaults NAME.DOMAIN in their URIs; somebody has to resolve them.")
@click.option("--fail", type=_Share(), multiple=True, help="Answer this share of the requests with this status.")
@click.option("--delay", type=click.FloatRange(0, 60), default=0.0, metavar="SECONDS", help="Wait before each answer.")
@click.option("--seed", type=int, default=0, show_default=True, help="Which requests --fail hits.")
def serve(
    *,
    subject: str,
    target: Path,
    listen: str,
    port: int,
    proxy_protocol: bool,
    forwarded_hops: int,
    trust_test_headers: bool,
    state: Path | None,
    rules: Path | None,
    vaults: int,
    hosts: str | None,
    fail: tuple[tuple[int, float], ...],
    delay: float,
    seed: int,
) -> None:
    """Serve SUBJECT (the reference, where none is named) on Azure's wire over HTTPS.

    The subject decides; the server adds paths, tokens, permissions, normal forms and the service's own error bodies.
    One line a request goes to stderr. Ends with status 0 on SIGTERM and on Ctrl-C.
    """
    try:
        from fencepost.adapters.azure_server.application import Disturbance
        from fencepost.adapters.azure_server.server import Options, Server, serve_until
        from fencepost.adapters.azure_server.state import StateError
    except ImportError as error:
        raise click.UsageError(f'serve needs {error.name}. Try: pip install "fencepost[serve]"') from None
    if not listen.startswith("127."):
        click.echo(f"warning: {listen} can be reached by others; tokens are given to anybody who asks", err=True)
    options = Options(
        subject=subject,
        target=target,
        listen=listen,
        port=port,
        proxy=proxy_protocol,
        hops=forwarded_hops,
        trust_test_headers=trust_test_headers,
        state=state,
        rules=_rules(rules),
        disturbance=Disturbance(shares=dict(fail), delay=delay),
        most_vaults=vaults,
        hosts=hosts,
        seed=seed,
    )

    def ready(server: Server) -> None:
        click.echo(f"{server.statement.name} at {server.world.control_url}; target file: {target}")
        click.echo(f"managed identity: IDENTITY_ENDPOINT={server.identity_url} IDENTITY_HEADER=any")

    async def run() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await serve_until(options, stop, ready)

    try:
        asyncio.run(run())
    except (SubjectError, HarnessFault, StateError, OSError, ValueError) as error:
        raise click.UsageError(str(error)) from None
    sys.exit(0)


def _rules(path: Path | None) -> dict[str, object] | None:
    if path is None:
        return None
    try:
        rules = json.loads(text_of(path).lstrip("\ufeff"))  # a byte order mark, of Windows
    except OSError as error:
        raise click.BadParameter(f"{path}: {error.strerror or error}", param_hint="--rules") from None
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"{path}: {error}", param_hint="--rules") from None
    if not isinstance(rules, dict):
        raise click.BadParameter(f"{path}: expected a networkAcls object", param_hint="--rules")
    return rules
