"""The file that the rules are written to, and the commands that check and apply it; a refused one leaves no trace."""

import contextlib
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

from fencepost.adapters.contract.faults import shorten
from fencepost.adapters.declared.commands import Command, reading_of
from fencepost.adapters.declared.engine import Refusal, Shown
from fencepost.adapters.declared.run import Output, Run, ended_by_signal, environment
from fencepost.adapters.declared.sections import Rules
from fencepost.adapters.declared.texts import filled

Step = Callable[[], Refusal | None]


class RuleFile:
    """The file that gets the rules first, and its commands. Without file and commands it does nothing."""

    def __init__(self, rules: Rules, *, folder: Path, shown: Shown) -> None:
        self._rules = rules
        self._folder = folder
        self._shown = shown
        self._before: Mapping[str, str] | None = None

    def put(self, values: Mapping[str, str], deadline: float, then: Step) -> Refusal | None:
        """Write the file, check it, do what `then` is, apply it; on a refusal or a fault the old file is back."""
        path = Path(values["rules_file"]) if self._rules.file is not None else None
        old = path.read_bytes() if path is not None and path.exists() else None
        if path is not None:
            _write(path, values["rules"].encode("utf-8"))
        applied = False
        try:
            refusal = self._command("check", values, deadline) or then()
            if refusal is None and self._rules.apply is not None:
                applied = True
                refusal = self._command("apply", values, deadline)
        except BaseException:
            _restore(path, old)
            raise
        if refusal is None:
            self._before = values
            return None
        _restore(path, old)
        if applied and self._before is not None:
            self._command("apply", self._before, deadline)
        return refusal

    def _command(self, which: str, values: Mapping[str, str], deadline: float) -> Refusal | None:
        command: Command | None = getattr(self._rules, which)
        if command is None:
            return None
        run = run_of(command.run, {}, values, self._folder, command.stdin)
        output = run.output(deadline)
        ended_by_signal(output, run)
        meaning = reading_of(command, f"rules.{which}").of(output, f"{run.shown()}\n{output.shown()}")
        self._shown.note(f"rules.{which}.{meaning}", run.shown, output.shown)
        return _refusal(output) if meaning == "refused" else None


def as_line(values: Mapping[str, str]) -> str:
    """A line to paste that writes the rules where the tool reads them, with its end; nothing where there is no file."""
    if "rules_file" not in values:
        return ""
    path = Path(values["rules_file"])
    text, folder = shlex.quote(shorten(values["rules"], 400)), shlex.quote(str(path.parent))
    return f"mkdir -p {folder} && printf '%s' {text} >{shlex.quote(str(path))}\n"


def run_of(
    command: list[str], named: Mapping[str, str], values: Mapping[str, str], folder: Path, stdin: str = ""
) -> Run:
    """The process that a command of the file means, its placeholders filled in."""
    own = {name: filled(text, values) for name, text in named.items()}
    return Run(
        command=tuple(filled(part, values) for part in command),
        environment=environment(own),
        own=own,
        folder=folder,
        stdin=filled(stdin, values).encode("utf-8"),
    )


def _refusal(output: Output) -> Refusal:
    message = (output.stderr or output.stdout).decode("utf-8", errors="backslashreplace").strip()
    return Refusal(message=message)


def _write(path: Path, text: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(text)
    new.replace(path)


def _restore(path: Path | None, old: bytes | None) -> None:
    if path is None:
        return
    if old is None:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
    else:
        _write(path, old)
