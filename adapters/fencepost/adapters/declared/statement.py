"""The conformance statement that a file makes: what it says, and what it does about the default action."""

from collections.abc import Callable, Mapping
from pathlib import Path

from fencepost.adapters.contract.faults import NotStarted
from fencepost.adapters.contract.protocol import JsonObject
from fencepost.adapters.contract.vocabulary import PROTOCOL
from fencepost.adapters.declared.loading import ALWAYS_DENY
from fencepost.adapters.declared.reading import Broken, compiled
from fencepost.adapters.declared.rule_file import run_of
from fencepost.adapters.declared.sections import AnyFile


def statement_maker(
    file: AnyFile, folder: Path, places: Callable[[], Mapping[str, str]], how: str = ""
) -> Callable[[float], JsonObject]:
    """A function that makes the statement, given a deadline: the version may be what a command prints.

    The name says in a few words `how` requests are put, and by which rule a default action is emulated.
    """

    def statement(deadline: float) -> JsonObject:
        subject = file.subject
        parts = [how, _default(file)]
        notes = ", ".join(filter(None, parts))
        features = list(subject.features)
        if file.default_action.is_ == "none" and ALWAYS_DENY not in features:
            features.append(ALWAYS_DENY)
        made: dict[str, object] = {
            "protocol": PROTOCOL,
            "name": (f"{subject.name} ({notes})" if notes else subject.name)[:200],
            "version": _version(file, folder, places(), deadline)[:200],
            "profile": subject.profile,
            "features": features,
            "choices": dict(subject.choices),
            "settleSeconds": subject.settle_seconds,
            "homepage": subject.homepage,
            "contact": subject.contact,
        }
        return {name: value for name, value in made.items() if value not in (None, {}, 0.0)}

    return statement


def _default(file: AnyFile) -> str:
    if file.default_action.is_ == "emulated":
        rules = file.default_action.emulating
        return f"default action Allow emulated by the rule{'' if len(rules) == 1 else 's'} {' and '.join(rules)}"
    return "no default action" if file.default_action.is_ == "none" else ""


def _version(file: AnyFile, folder: Path, places: Mapping[str, str], deadline: float) -> str:
    version = file.subject.version
    if isinstance(version, str):
        return version
    run = run_of(version.run, {}, places, folder)
    install = file.subject.install
    installed = f"{file.subject.name} to be installed (try: {install})"
    try:
        output = run.output(deadline)
    except Broken as broken:
        if broken.kind is NotStarted and install is not None:
            broken.expected = installed
        raise
    printed = (output.stdout, output.stderr) if output.status == 0 else (output.stdout,)  # a failure's words are none
    text = b"\n".join(printed).decode("utf-8", errors="backslashreplace")
    found = compiled(version.match).search(text)
    if found is None and install is not None and output.status != 0:
        raise Broken(expected=installed, came=f"exit status {output.status} of {run.shown()}", kind=NotStarted)
    if found is None:
        raise Broken(
            expected=f"a version that matches subject.version.match, {version.match}",
            came="none",
            offending=f"{run.shown()}\n{output.shown()}",
        )
    return found[1] if found.re.groups else found[0]
