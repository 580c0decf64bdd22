"""The command `fencepost`, which finds its sub-commands by entry point and loads each when it is called."""

import difflib
import errno
import io
import os
import platform
import sys
import traceback
from functools import partial
from importlib.metadata import EntryPoint, entry_points, version
from typing import Any, NoReturn

import click
from click.shell_completion import add_completion_class
from fencepost.conformance.commands.bash_words import BashWords
from fencepost.conformance.commands.in_process import runs_in_process
from fencepost.conformance.commands.short_help import SHORT_HELP
from fencepost.conformance.commands.watching import watched
from fencepost.reports.secrets import Mask
from fencepost.reports.visible import visible, visible_lines

add_completion_class(BashWords)

COMMANDS = "fencepost.commands"
_UNWRITABLE = frozenset({errno.ENOSPC, errno.EPIPE, errno.EBADF, errno.EIO, errno.EFBIG, errno.EDQUOT})
"""What a write to stdout or stderr may fail with."""

_SHIPPED = "fencepost."


def installed() -> dict[str, EntryPoint]:
    """The installed sub-commands by name, shipped and third-party."""
    return {point.name: point for point in entry_points(group=COMMANDS)}


class CommandsByEntryPoint(click.Group):
    """A group with the commands of the entry-point group. A command that fails to load does not affect the others."""

    def main(self, *args: Any, **extra: Any) -> Any:  # click's own signature
        """Run the command: in a child process, if it is the program's own and may run a subject in this process."""
        is_program = not args and "args" not in extra
        if is_program and sys.platform == "linux" and runs_in_process(sys.argv[1:]):
            return watched(partial(self._main, **extra))
        return self._main(*args, **extra)

    def _main(self, *args: Any, **extra: Any) -> Any:
        """Run the command here. Where stdout or a file cannot be used, say so on stderr and end with exit status 2.

        An exception that nothing expects ends with 2, too, and is said to be a fault of fencepost.
        """
        if sys.stdout is None:
            sys.exit(_no_output("it is closed"))
        before = sys.stdout
        try:
            return super().main(*args, **extra)
        except OSError as error:
            if error.filename is None and error.errno in _UNWRITABLE:
                sys.exit(_no_output(error.strerror or str(error)))
            place = f"{visible(os.fsdecode(error.filename))}: " if isinstance(error.filename, str | bytes) else ""
            _say(f"Error: {place}{error.strerror or error}")
            sys.exit(2)
        except SystemExit:
            if sys.stdout is not before:  # click has replaced it: the reader of a pipe has left
                sys.exit(2)
            try:
                sys.stdout.flush()
            except OSError as error:
                sys.exit(_no_output("" if error.errno == errno.EPIPE else error.strerror or str(error)))
            except ValueError:  # a caller's own stream, already closed
                pass
            raise
        except Exception as error:
            if not extra.get("standalone_mode", True):
                raise
            _say(_own_fault(error))
            sys.exit(2)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The sorted names of the installed commands."""
        return sorted(installed())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, loaded now; if loading fails, a command that reports the failure."""
        point = installed().get(cmd_name)
        command = _loaded(point) if point is not None else None
        if command is None or not ctx.resilient_parsing:
            return command
        from fencepost.conformance.commands.completion import completing_subject  # loaded for the shell alone

        return completing_subject(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands; a shipped command is not loaded for that."""
        rows = []
        for name, point in sorted(installed().items()):
            command = (
                _unloaded(name)
                if name in SHORT_HELP and point.value.startswith(_SHIPPED)
                else self.get_command(ctx, name)
            )
            if command is not None and not command.hidden:
                rows.append((name, command.get_short_help_str(limit=formatter.width)))
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; bad usage with similar names if there is none."""
        name = args[0] if args else ""
        if not name.startswith("-") and name not in installed():
            near = difflib.get_close_matches(name, installed(), n=3, cutoff=0.5)
            meant = f" Did you mean {' or '.join(near)}?" if near else f" There are: {', '.join(sorted(installed()))}."
            raise click.UsageError(f"No such command {name!r}.{meant}", ctx)
        return super().resolve_command(ctx, args)


def _no_output(why: str) -> int:
    """Say on stderr why nothing can be written to stdout, and keep Python from trying again at its end."""
    if why:
        _say(f"Error: stdout cannot be written: {why}")
    sys.stdout = _nowhere()
    return 2


def _say(text: str) -> None:
    """Write a line to stderr, if there is one that can be written."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:
        sys.stderr = _nowhere()


def _own_fault(error: Exception) -> str:
    """The traceback, with secrets masked, and what to report."""
    lines = visible_lines(Mask.of_here().apply("".join(traceback.format_exception(error)).rstrip()))
    where = f"fencepost {version('fencepost')}, Python {platform.python_version()}, {platform.system()}"
    return "\n".join(
        [
            *lines,
            "Error: this is a fault of fencepost, not of the subject, and says nothing about the subject.",
            f"To report it, give these lines, the command as it was typed, and: {where}",
        ]
    )


def _nowhere() -> io.TextIOWrapper:
    return open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123 - open until the process ends


def _unloaded(name: str) -> click.Command:
    return click.Command(name, short_help=SHORT_HELP.get(name, ""))


def _loaded(point: EntryPoint) -> click.Command:
    try:
        command = point.load()
    except Exception as error:  # The command of a third party may fail in any way.
        return _unusable(point, f"{type(error).__name__}: {error}")
    if not isinstance(command, click.Command):
        return _unusable(point, f"{point.value} is no click command but a {type(command).__name__}")
    if point.value.startswith(_SHIPPED):
        command.short_help = SHORT_HELP.get(point.name)
    return command


def _unusable(point: EntryPoint, why: str) -> click.Command:
    def refuse() -> NoReturn:
        raise click.UsageError(f"The command {point.name!r} ({point.value}) cannot be loaded: {why}")

    return click.Command(
        point.name,
        callback=refuse,
        short_help=f"(cannot be loaded: {why})",
        context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    )


@click.group(cls=CommandsByEntryPoint, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fencepost", prog_name="fencepost")
def main() -> None:
    """Conformance tests for network firewalls of the Azure Key Vault kind.

    Results go to stdout, progress and logs to stderr. Exit status 2 is bad usage in every command, and a fault of
    fencepost itself.
    """
    for stream in (sys.stdout, sys.stderr):
        # The answer of a subject may hold characters that the screen's encoding lacks.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
