"""The page docs/commands.md, made of the commands' own help: `python -m fencepost.conformance.commands.page`."""

import inspect
import sys
from collections.abc import Iterator

import click
from fencepost.conformance.commands.group import installed, main

_HEAD = """# Commands

Each command with its arguments, its options and its exit statuses, as `fencepost COMMAND --help` prints them.
Made by `python -m fencepost.conformance.commands.page > docs/commands.md`.
"""
_SHIPPED = "fencepost."


def page() -> str:
    """The page in Markdown: every shipped command, and the sub-commands of those that have some."""
    context = click.Context(main, info_name="fencepost")
    names = sorted(name for name, point in installed().items() if point.value.startswith(_SHIPPED))
    commands = ((name, main.get_command(context, name)) for name in names)
    parts = [
        _HEAD,
        *(part for name, command in commands if command for part in _parts(command, f"fencepost {name}", 2)),
    ]
    return "\n".join(parts)


def _parts(command: click.Command, name: str, level: int) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    usage = " ".join(part for part in command.collect_usage_pieces(context) if part != "[OPTIONS]")
    yield f"{'#' * level} {name}\n"
    yield f"`{' '.join(filter(None, (name, usage)))}`\n"
    yield f"{_prose(command)}\n"
    options = [one for one in command.params if isinstance(one, click.Option) and not one.hidden]
    if options:
        yield "| option | meaning |\n| --- | --- |"
        yield "".join(f"| {_row(option, context)} |\n" for option in options)
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            found = command.get_command(context, inner)
            if found is not None:
                yield from _parts(found, f"{name} {inner}", level + 1)


def _prose(command: click.Command) -> str:
    """The help text; a paragraph that click must not wrap (marked by a backspace) becomes a block of code."""
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    return "\n\n".join(_block(one) if one.startswith("\b") else one for one in paragraphs)


def _block(paragraph: str) -> str:
    lines = [line.strip() for line in paragraph.splitlines()[1:]]
    return "\n".join(("```sh", *lines, "```"))


def _row(option: click.Option, context: click.Context) -> str:
    written, meaning = option.get_help_record(context) or ("", "")
    return f"`{_cell(written)}` | {_cell(meaning)}"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    sys.stdout.write(page())
