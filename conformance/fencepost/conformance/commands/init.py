"""`fencepost init`: a working start for one way of being judged, looked at, tried at once, with the next command."""

import contextlib
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import click
from fencepost.conformance.commands.init_look import CannotLook, Look, look_at_service, look_at_tool, toml_text
from fencepost.conformance.commands.init_start import InTheWay, Start
from fencepost.conformance.commands.options import PROFILE
from fencepost.conformance.commands.usage import os_error_as_usage, usage

_PYTHON = "python3"
"""What a start names: the interpreter of the person who runs it, in whatever version it is."""

KINDS = ("library", "stdio", "http", "cli", "rest", "node", "pytest")
_SMOKE = "import sys; from fencepost.conformance.commands import main; sys.argv[0] = 'fencepost'; main()"
_TOOL = ("sh", "allowed.sh", "${rules_file}", "${address}")
_TOOLS_ANSWERS = {
    "allow": "{ exit = 0, stdout = '^let in$' }",
    "deny": "{ exit = 1, stdout = '^kept out$' }    # 1 alone is refused: a crash has it too",
    "version": '"1.0"',
}
_SERVICE = """\
[start]                      # leave this table out where the service runs already
ports = ["web"]              # a free port each; ${port.web} is its number
run = ["python3", "${here}/service.py", "${port.web}"]
ready = { get = "/", status = 403 }

"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The options that the person gave."""

    name: str
    profile: str
    run: str | None
    url: str | None
    ask: str
    source: str
    headers: tuple[str, ...]


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--into", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="The folder. [here]")
@click.option("--name", help="What is judged, for the report. [the folder's name]")
@click.option(
    "--profile", type=PROFILE, default="keyvault", show_default=True, help="The edition that it is judged by."
)
@click.option("--run", help="cli: the command that decides; it says ${address} and ${rules_file}.")
@click.option("--from", "url", metavar="URL", help="rest: where rules are put; http: the harness that runs already.")
@click.option("--ask", default="/", show_default=True, help="rest: the path, or URL, that is asked for a decision.")
@click.option(
    "--source", default="X-Forwarded-For", show_default=True, help="rest: the header with the caller's address."
)
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="NAME: VALUE",
    help="rest: sent with the rules; ${env.NAME} is a secret.",
)
def init(
    *,
    kind: str,
    into: Path,
    name: str | None,
    profile: str,
    run: str | None,
    url: str | None,
    ask: str,
    source: str,
    headers: tuple[str, ...],
) -> None:
    """Write a start of this KIND, try it by `smoke`, and say the next command.

    library, pytest: a Python class; stdio, node: a child process; http: a server that speaks the contract; cli, rest:
    a TOML file that adapts an existing tool or service. Beside it: a test file, a folder for counterexamples, a list
    of known failures, a CI job. Nothing is written over. Without --run or --from, cli and rest come with a small tool
    or service to begin with. Exit status: that of `smoke`.
    """
    _only_where_it_belongs(kind, run, url)
    with os_error_as_usage(f"--into {into}"):
        into.mkdir(parents=True, exist_ok=True)
    name = name or into.resolve().name or "my vault"
    asked = _Asked(name=name, profile=profile, run=run, url=url, ask=ask, source=source, headers=headers)
    try:
        start, remarks = _start(kind, asked, into)
        written = start.write(into)
    except (CannotLook, InTheWay) as error:
        raise usage(f"{error}; nothing was written") from None
    for one in written:
        click.echo(f"wrote {into / one}")
    for remark in remarks:
        click.echo(f"saw   {remark}")
    status = _smoke(kind, start.subject, into, is_ours=url is None)
    here = "" if into.resolve() == Path.cwd() else f"cd {shlex.quote(str(into))} && "
    click.echo("")
    if kind == "http" and url is None:
        click.echo(f"start it: {here}{shlex.join([_PYTHON, 'server.py', str(_port(start.subject))])}")
    if status != 0:
        what = "fencepost.toml" if kind in ("cli", "rest") else "what is wrong"
        click.echo(f"next: mend {what}, then: {here}fencepost smoke {shlex.quote(start.subject)}")
    elif kind == "pytest":
        click.echo(f"next: {here}python -m pytest")
    else:
        known = "--known known-failures.json --report fencepost-report"
        click.echo(f"next: {here}fencepost check {shlex.quote(start.subject)} {known}")
    sys.exit(status)


def _only_where_it_belongs(kind: str, run: str | None, url: str | None) -> None:
    if run is not None and kind != "cli":
        raise click.UsageError("--run is for the kind cli alone")
    if url is not None and kind not in ("rest", "http"):
        raise click.UsageError("--from is for the kinds rest and http alone")
    if url is not None and (urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname):
        raise click.BadParameter("expected http://HOST:PORT/PATH", param_hint="--from")


def _start(kind: str, asked: _Asked, into: Path) -> tuple[Start, tuple[str, ...]]:
    blanks = {"name": asked.name.replace('"', "'"), "name_toml": toml_text(asked.name), "profile": asked.profile}
    match kind:
        case "cli":
            return _cli(asked, blanks, into)
        case "rest":
            return _rest(asked, blanks)
        case "http":
            subject = asked.url or f"http://127.0.0.1:{_free_port()}/"
            without = ("server.py", "tests/test_conformance.py") if asked.url else ()
            return Start(kind=kind, subject=subject, blanks=blanks, without=without), ()
    subject = {
        "library": "library:my_vault:Vault",
        "pytest": "library:my_vault:Vault",
        "stdio": f"stdio:{_PYTHON} harness.py",
        "node": "stdio:node harness.mjs",
    }[kind]
    return Start(kind=kind, subject=subject, blanks=blanks), ()


def _cli(asked: _Asked, blanks: Mapping[str, str], into: Path) -> tuple[Start, tuple[str, ...]]:
    command = _TOOL if asked.run is None else tuple(shlex.split(asked.run))
    if asked.run is not None and not any("${address}" in part for part in command):
        raise click.BadParameter("it must say ${address}, the caller", param_hint="--run")
    if not command:
        raise click.BadParameter("it is empty", param_hint="--run")
    look = Look(blanks=_TOOLS_ANSWERS) if asked.run is None else look_at_tool(command, into)
    run = f"[{', '.join(toml_text(part) for part in command)}]"
    without = () if asked.run is None else ("allowed.sh",)
    filled = {**blanks, **look.blanks, "run": run}
    return Start(kind="cli", subject="cli:fencepost.toml", blanks=filled, without=without), look.remarks


def _rest(asked: _Asked, blanks: Mapping[str, str]) -> tuple[Start, tuple[str, ...]]:
    headers = dict(_header(one) for one in asked.headers)
    written = {"Content-Type": "application/json", **headers}
    text = ", ".join(
        f"{key if key.replace('-', '').isalnum() else toml_text(key)} = {toml_text(value)}"
        for key, value in written.items()
    )
    filled = {**blanks, "header": asked.source, "headers": text, "ask_path": asked.ask}
    if asked.url is None:
        own = {
            "base": "http://127.0.0.1:${port.web}",
            "start": _SERVICE,
            "put_path": "/rules",
            "ask_path": "/secret",
            "accepted": "204",
            "allow": "200",
            "deny": "403",
            "seen": 'seen = { header = "X-Seen" }    # where the answer says which address the service saw',
        }
        return Start(kind="rest", subject="rest:fencepost.toml", blanks={**filled, **own}), ()
    parts = urlsplit(asked.url)
    base = f"{parts.scheme}://{parts.netloc}"
    ask = asked.ask if "://" in asked.ask else f"{base}{asked.ask}"
    look = look_at_service(asked.url, ask, headers, asked.source)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    own = {
        "base": base,
        "start": "# [start]                    # how the service is started; without it, it runs already\n"
        '# run = ["service"]\n# ready = { get = "/" }\n\n',
        "put_path": path,
        "seen": '# seen = { header = "X-Seen" }    # where the answer says which address the service saw',
    }
    start = Start(
        kind="rest", subject="rest:fencepost.toml", blanks={**filled, **own, **look.blanks}, without=("service.py",)
    )
    return start, look.remarks


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise click.BadParameter(f"expected NAME: VALUE, got {text!r}", param_hint="--header")
    return name.strip(), value.strip()


def _smoke(kind: str, subject: str, into: Path, *, is_ours: bool) -> int:
    """Run `smoke` in the folder of the start; where the start is a server of ours, while it is up."""
    click.echo(f"\n$ fencepost smoke {shlex.quote(subject)}")
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with _served(subject, into) if kind == "http" and is_ours else contextlib.nullcontext():
        done = subprocess.run(
            [sys.executable, "-c", _SMOKE, "smoke", subject], cwd=into, env=environment, capture_output=True, text=True,
            check=False, encoding="utf-8",
        )  # fmt: skip
    click.echo(done.stdout + done.stderr, nl=False)
    return done.returncode


@contextlib.contextmanager
def _served(subject: str, into: Path) -> Iterator[None]:
    port = _port(subject)
    server = subprocess.Popen([sys.executable, "server.py", str(port)], cwd=into)
    try:
        for _ in range(500):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.01)
        yield
    finally:
        server.terminate()
        server.wait()


def _port(subject: str) -> int:
    return urlsplit(subject).port or 80


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
