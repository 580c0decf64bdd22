"""The adapter of nginx: its file `nginx.rest.toml`, with what a subject's words change in it."""

import tomllib
from pathlib import Path
from typing import Any

from fencepost.adapters import any_ip
from fencepost.adapters.contract.faults import SubjectError
from fencepost.adapters.contract.protocol import Connection, Timeouts
from fencepost.adapters.rest.carrier import connect_document

_FILE = Path(__file__).with_name("nginx.rest.toml")
_LISTEN = """\
listen 127.0.0.1:${port.web} proxy_protocol;
set_real_ip_from 127.0.0.1;
real_ip_header proxy_protocol;
"""


def open_adapter(args: str, *, timeouts: Timeouts, profile: str | None = None) -> Connection:
    """nginx, started by the first call; `SubjectError` for unknown words, or without the vantage that `args` names.

    `args` is any of two words, with a comma between them: the vantage, `anyip` or `proxy` (without either: the first
    where it can be had, else the second), and `restart` for a new nginx instead of a reload when the rules change. The
    statement names `profile`, today's where it is None; the server decides alike under each.
    """
    subject = f"nginx:{args}" if args else "nginx"
    words = set(args.split(",")) if args else set()
    if not words <= {"anyip", "proxy", "restart"} or {"anyip", "proxy"} <= words:
        known = "Try 'nginx', 'nginx:anyip', 'nginx:proxy', 'nginx:restart' or 'nginx:proxy,restart'."
        reason = f"no such vantage or way to change rules: {args!r}"
        raise SubjectError(subject=subject, reason=reason, try_instead=known)
    missing = None if "proxy" in words else any_ip.what_is_missing()
    if missing is not None and "anyip" in words:
        advice = f"{missing.try_instead} Or try 'nginx:proxy'.".strip()
        raise SubjectError(subject=subject, reason=missing.reason, try_instead=advice)
    document = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    if "proxy" in words or missing is not None:
        _proxied(document)
    if "restart" in words:
        _restarted(document)
    if profile is not None and profile != document["subject"]["profile"]:
        document["subject"]["profile"] = profile
        del document["subject"]["choices"]["prefix-31"]  # which the older edition does not leave open
    return connect_document(document, subject=subject, folder=_FILE.parent, timeouts=timeouts)


def _proxied(document: dict[str, Any]) -> None:
    """Have callers' addresses conveyed by the PROXY protocol, on a port of this machine's own."""
    document["service"]["base"] = "http://127.0.0.1:${port.web}"
    document["start"]["ports"] = ["web"]
    document["start"]["files"]["listen.conf"] = _LISTEN
    document["decide"]["source"] = {"proxy": "v2"}


def _restarted(document: dict[str, Any]) -> None:
    """Have each rule set checked, and nginx ended and started with it."""
    document["subject"]["name"] += ", restarted"
    rules = document["rules"]
    *command, _, _ = rules.pop("apply")["run"]
    rules |= {"restart": True, "check": {"run": [*command, "-t", "-q"]}}
    del rules["settle"]
