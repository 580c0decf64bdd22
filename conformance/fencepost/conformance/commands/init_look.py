"""What `init` finds out by looking: a tool run for two callers, a service sent a PUT and two GETs."""

import http.client
import json
import os
import re
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fencepost.reports.secrets import Mask

LISTED, STRANGER = "20.1.2.77", "52.10.20.30"
"""A caller in the one rule that is put, and one who is not."""

RULE = "20.1.2.0/24"
_PATIENCE = 10
_SURE = 0
_RUNS_SCRIPTS = re.compile(
    r"(python|pypy|ruby|perl|php|lua|node|deno|bun|java|go|dotnet|mono|env|sudo|nice|timeout|setpriv|unshare|docker"
    r"|podman|npx|npm|uv|uvx|pipx|cargo|make|(ba|da|z|k|fi)?sh|busybox|pwsh)[\d.]*"
)
_VARIABLE = re.compile(r"\$\{env\.(\w+)\}")


class CannotLook(ValueError):
    """The tool or the service does not answer at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen: values for the blanks of the template, and remarks for the person."""

    blanks: Mapping[str, str]
    remarks: tuple[str, ...] = ()


def look_at_tool(command: Sequence[str], folder: Path) -> Look:
    """Run the tool for both callers under one rule; the mappings that tell its answers apart."""
    _must_be_there(command[0], folder)
    with tempfile.TemporaryDirectory() as tmp:
        rules = Path(tmp) / "rules.txt"
        rules.write_text(f"{RULE}\n", encoding="utf-8")
        known = {"rules_file": str(rules), "rules": RULE, "tmp": tmp, "here": str(folder)}
        seen = [
            _run([_filled(part, {**known, "address": one}) for part in command], folder) for one in (LISTED, STRANGER)
        ]
    allow, deny = (_mapping(one, other, caller) for one, other, caller in (
        (seen[0], seen[1], LISTED), (seen[1], seen[0], STRANGER),
    ))  # fmt: skip
    remarks = []
    if allow == deny:
        got = f"both callers got the same answer, {_words(seen[0])}"
        remarks.append(f"{got}: say in decide what tells allow from deny, or mend --run")
    return Look(blanks={"allow": allow, "deny": deny, "version": _version(command[0])}, remarks=tuple(remarks))


def look_at_service(rules_url: str, ask_url: str, headers: Mapping[str, str], header: str) -> Look:
    """Put one rule, ask for both callers; the statuses that were seen."""
    put = _asked("PUT", rules_url, {**headers, "Content-Type": "application/json"}, json.dumps([RULE]).encode())
    allow, deny = (_asked("GET", ask_url, {header: address}, None) for address in (LISTED, STRANGER))
    remarks = [f"PUT {rules_url} of a JSON list of ranges was answered with {put}"]
    remarks += [
        f"GET {ask_url} from {caller} was answered with {got}" for caller, got in ((LISTED, allow), (STRANGER, deny))
    ]
    if put >= http.client.BAD_REQUEST:
        remarks.append(f"{put} is no success: say in [rules] and [rules.put] how the service takes its rules")
    if allow == deny:
        remarks.append("both callers got the same answer: say in [decide] how the caller's address reaches the service")
    accepted = put if put < http.client.BAD_REQUEST else http.client.OK
    blanks = {
        "accepted": str(accepted),
        "allow": str(allow),
        "deny": str(deny if deny != allow else http.client.FORBIDDEN),
    }
    return Look(blanks=blanks, remarks=tuple(remarks))


def toml_text(text: str) -> str:
    """A TOML string.

    >>> print(toml_text('the "best" tool'))
    'the "best" tool'
    """
    return f"'{text}'" if "'" not in text and text.isprintable() else json.dumps(text, ensure_ascii=False)


def _must_be_there(program: str, folder: Path) -> None:
    """Refuse a program that cannot be started in the folder; suggest the path of a program of that name nearby."""
    has_path = os.sep in program
    if shutil.which(folder / program if has_path else program) is not None:
        return
    meant = next((place / program for place in (Path.cwd(), folder) if shutil.which(place / program)), None)
    reason = f"there is no program {program!r} {f'in {folder}' if has_path else 'on PATH'}"
    if meant is not None:
        path = os.path.relpath(meant, folder)
        reason += f", where the command runs; did you mean {path if os.sep in path else f'./{path}'!r}?"
    raise CannotLook(reason)


def _filled(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def _run(command: Sequence[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=_PATIENCE, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise CannotLook(f"{command[0]}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise CannotLook(f"{command[0]} has not ended after {_PATIENCE} s") from None


def _words(seen: "subprocess.CompletedProcess[str]") -> str:
    """The exit status, and the last line that the tool wrote, of its errors if there are some."""
    lines = (seen.stderr.strip() or seen.stdout.strip()).splitlines()
    if not lines:
        return f"exit status {seen.returncode}"
    return f"exit status {seen.returncode} and {Mask.of_here().apply(lines[-1])[:120]!r}"


def _mapping(seen: "subprocess.CompletedProcess[str]", other: "subprocess.CompletedProcess[str]", address: str) -> str:
    """The exit status, and more where a crash or the other answer has the same."""
    parts = [f"exit = {max(seen.returncode, 0)}"]
    if seen.stdout != other.stdout and seen.stdout.strip():
        first = seen.stdout.strip().splitlines()[0]
        line = re.escape(first).replace("\\ ", " ").replace(re.escape(address), r"\S+")
        parts.append(f"stdout = {toml_text(f'^{line}$')}")
    elif not seen.stdout.strip() and other.stdout.strip():
        parts.append("stdout = ''")
    if seen.returncode != _SURE and not seen.stderr.strip():
        parts.append("stderr = ''")
    return f"{{ {', '.join(parts)} }}"


def _version(program: str) -> str:
    """What prints the tool's version. A program that runs scripts prints its own version, which is not the tool's."""
    if _RUNS_SCRIPTS.fullmatch(Path(program).name):
        return '"1.0"'
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, errors="replace", timeout=2, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return '"1.0"'
    if done.returncode == 0 and re.search(r"\d+(?:\.\d+)+", done.stdout):
        return f"{{ run = [{toml_text(program)}, '--version'] }}"
    return '"1.0"'


def _asked(method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> int:
    """The status of the answer; redirects are not followed."""
    parts = urlsplit(url)
    made = {name: _VARIABLE.sub(lambda found: os.environ.get(found[1], ""), value) for name, value in headers.items()}
    try:
        if parts.scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.netloc, timeout=_PATIENCE, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(parts.netloc, timeout=_PATIENCE)
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else "") or "/", body, made)
        status = connection.getresponse().status
        connection.close()
    except (OSError, http.client.HTTPException) as error:
        raise CannotLook(f"{method} {url}: {error or type(error).__name__}") from None
    return status
