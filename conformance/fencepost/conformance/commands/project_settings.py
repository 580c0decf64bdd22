"""`[tool.fencepost]` in pyproject.toml: options of `check` that a project sets once."""

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from fencepost.adapters.contract.toml_text import toml_from
from fencepost.conformance.commands.usage import usage
from fencepost.reports.files import bytes_of

FILE_NAME = "pyproject.toml"
ISOLATED = "--isolated"
"""The option that keeps a command from reading the file."""

_NOT_SETTINGS = ("help", "isolated", "resume")


class ConfiguredCommand(click.Command):
    """A command whose options may stand in `[tool.fencepost]`; what the command line says goes first."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The context, with the project's settings as defaults; bad usage where they are malformed."""
        asks_for_help = not {"-h", "--help"}.isdisjoint(args)
        settings = {} if ISOLATED in args or asks_for_help else _settings(self, Path(FILE_NAME))
        if settings and not extra.get("resilient_parsing"):
            click.echo(f"settings of {FILE_NAME}: {', '.join(sorted(settings))}", err=True)
        by_parameter = {_parameters(self)[key].name: value for key, value in settings.items()}
        return super().make_context(info_name, args, parent, default_map=by_parameter, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments; where the subject is missing, say in which folder its setting would be read."""
        try:
            return super().parse_args(ctx, args)
        except click.MissingParameter as error:
            found = next(_files_above(Path.cwd()), None)
            if found is not None and error.param is not None and error.param.name == "subject":
                text = f"{found} has [tool.fencepost]: it is read in its own folder only"
                raise click.UsageError(f"{error.format_message()}\n{text}", ctx) from None
            raise


def _settings(command: click.Command, path: Path) -> dict[str, object]:
    """The settings in the file by key; none where there is no file or no such table. Bad usage names every mistake."""
    table, text = _table(path)
    known = _parameters(command)
    mistakes = []
    for key, value in table.items():
        parameter = known.get(key)
        mistake = _unknown(key, known) if parameter is None else _mistake(command, parameter, value)
        if mistake:
            mistakes.append(f"{path}:{_line_of(key, text)}: tool.fencepost.{key}: {mistake}")
    if mistakes:
        raise usage("\n".join(mistakes))
    return table


def settings_in(path: Path) -> Mapping[str, object]:
    """The settings in the file by key, unchecked; none where the file has no such table or cannot be read."""
    try:
        return _table(path)[0]
    except click.UsageError:
        return {}


def _parameters(command: click.Command) -> dict[str, click.Parameter]:
    """The parameters by the key in the file: an option's long name, an argument's own."""
    found = {}
    for parameter in command.params:
        name = next((one for one in parameter.opts if one.startswith("--")), str(parameter.name)).removeprefix("--")
        if name not in _NOT_SETTINGS:
            found[name] = parameter
    return found


def _table(path: Path) -> tuple[dict[str, object], str]:
    """The table and the text of the file; bad usage where the file is no TOML, or `tool.fencepost` no table."""
    try:
        text = bytes_of(path).decode("utf-8")
    except FileNotFoundError:
        return {}, ""
    except (OSError, UnicodeDecodeError) as error:
        raise usage(f"{path} cannot be read: {error}") from None
    try:
        table = _in_text(text)
    except (ValueError, RecursionError) as error:
        raise usage(f"{path}: is no TOML: {error}") from None
    if not isinstance(table, dict):
        raise usage(f"{path}: tool.fencepost: expected a table, got {table!r:.60}")
    return table, text


def _in_text(text: str) -> object:
    found: object = toml_from(text)
    for key in ("tool", "fencepost"):
        found = found.get(key, {}) if isinstance(found, Mapping) else {}
    return found


def _files_above(folder: Path) -> Iterator[Path]:
    """The project files above the folder that have the table, the nearest first."""
    for above in folder.parents:
        try:
            if _in_text(bytes_of(above / FILE_NAME).decode("utf-8")):
                yield above / FILE_NAME
        except (OSError, ValueError, RecursionError):
            continue


def _unknown(key: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(key.replace("_", "-"), known, n=1, cutoff=0.5)
    return f"no such setting. Did you mean {near[0]}?" if near else f"no such setting. There are: {', '.join(known)}."


def _mistake(command: click.Command, parameter: click.Parameter, value: object) -> str:
    """What is wrong with the value; empty where it can be used."""
    expected, fits = _expected(parameter)
    if not fits(value):
        return f"expected {expected}, got {value!r:.60}"
    try:
        with click.Context(command, info_name=command.name) as context:
            parameter.process_value(context, value)
    except click.BadParameter as error:
        return error.message
    return ""


def _expected(parameter: click.Parameter) -> tuple[str, Any]:
    """The TOML type of a parameter in words, and its test."""
    if isinstance(parameter, click.Option) and parameter.is_flag:
        return "true or false", lambda value: isinstance(value, bool)
    if parameter.multiple if isinstance(parameter, click.Option) else parameter.nargs != 1:
        return (
            "a list of strings",
            lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
        )
    if isinstance(parameter.type, click.types.IntParamType):
        return "a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)
    if isinstance(parameter.type, click.types.FloatParamType):
        return "a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)
    return "a string", lambda value: isinstance(value, str)


def _line_of(key: str, text: str) -> int:
    """The line on which the setting begins: the one after the longest beginning of the file that lacks it."""
    lines = text.splitlines(keepends=True)
    for number in range(len(lines) - 1, 0, -1):
        try:
            table = _in_text("".join(lines[:number]))
        except (ValueError, RecursionError):
            continue
        if not isinstance(table, Mapping) or key not in table:
            return number + 1
    return 1
