"""Where the installed suite comes from: a commit or a wheel's digest, never a package name that anyone may take."""

import json
import re
import subprocess
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import unquote, urlsplit

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}", re.ASCII)
FORM = re.compile(r"(commit:([0-9a-f]{40}|[0-9a-f]{64})|sha256:[0-9a-f]{64})?", re.ASCII)
"""The form of an origin; the empty text where the origin is not known."""


def suite_origin() -> str:
    """`commit:ID` or `sha256:DIGEST` of what was installed, by the installer's own record (PEP 610); empty if unknown.

    A checkout with changes that are not committed has no origin.
    """
    text = distribution("fencepost").read_text("direct_url.json")
    record = json.loads(text) if text else {}
    commit = record.get("vcs_info", {}).get("commit_id", "")
    if _COMMIT.fullmatch(commit):
        return f"commit:{commit}"
    digest = record.get("archive_info", {}).get("hashes", {}).get("sha256", "")
    if re.fullmatch(r"[0-9a-f]{64}", digest):
        return f"sha256:{digest}"
    url = urlsplit(record.get("url", ""))
    return _commit_of(Path(unquote(url.path))) if url.scheme == "file" and "dir_info" in record else ""


def _commit_of(folder: Path) -> str:
    try:
        changed = _git(folder, "status", "--porcelain")
        commit = _git(folder, "rev-parse", "HEAD").strip()
    except (OSError, subprocess.SubprocessError):
        return ""
    return f"commit:{commit}" if not changed.strip() and _COMMIT.fullmatch(commit) else ""


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout


def installing(version: str, origin: str, digest: str) -> str:
    """The line that says how to install the same suite: `version` of it, from its origin, with this suite digest."""
    kind, _, value = origin.partition(":")
    if kind == "commit":
        return f'git checkout {value} && pip install ".[certify]"'
    if kind == "sha256":
        return f'pip install "./fencepost-{version}-py3-none-any.whl[certify]"  # the wheel with SHA-256 {value}'
    return f"# install the fencepost {version} whose suite digest is {digest}"
