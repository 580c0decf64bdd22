"""A subject with one flaw, entries of lists of known failures, and the commands that read the lists."""

from datetime import date
from pathlib import Path

from click.testing import CliRunner, Result
from fencepost.conformance.commands import main
from fencepost.conformance.regression.known import KnownFailure, file_content
from fencepost.conformance.regression.stored_case import json_text
from fencepost.reports.model import Call

FLAWED = "mutant:last-address-excluded"
PROFILE = "keyvault-2018-preview"
NEVER, LONG_AGO = date(2999, 1, 1), date(2020, 1, 1)


def calls_of(value: str, address: str) -> tuple[Call, ...]:
    acls = {"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": value}], "virtualNetworkRules": []}
    request = {"plane": "data", "operation": "SecretGet", "source": {"address": address}}
    return (
        Call(method="reset", params={"subnets": []}),
        Call(method="putRules", params={"networkAcls": acls}),
        Call(method="decide", params={"requests": [request]}),
    )


def listed(
    value: str = "20.0.0.0/24",
    address: str = "20.0.0.255",
    *,
    expires: date = NEVER,
    profile: str = PROFILE,
    got: str = "deny",
    clause: str = "DEC-4",
) -> KnownFailure:
    return KnownFailure(
        clause=clause,
        profile=profile,
        calls=calls_of(value, address),
        expected="allow",
        got=got,
        reason="the old engine",
        issue="https://issues.example/1",
        expires=expires,
    )


def list_file(folder: Path, *entries: KnownFailure) -> Path:
    path = folder / "known.json"
    path.write_text(json_text(file_content(entries)), encoding="ascii")
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)


def check(subject: str, *more: str | Path) -> Result:
    return run("check", subject, "--clause", "DEC-4", "--max-decisions", "1001", *more)
