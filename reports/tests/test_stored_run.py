"""The event stream: the whole report and nothing but it, and no stream that is not whole is taken for one."""

import json
import platform
from collections.abc import Callable
from pathlib import Path

import jsonschema
import msgspec
import pytest
from fencepost.reports import stored
from fencepost.reports.events import (
    KINDS,
    NOT_OF_THE_BODY,
    Environment,
    report_to_events,
    run_schema,
)
from fencepost.reports.model import Call, Clause, Report, report_to_json
from fencepost.reports.page import Page
from fencepost.reports.run_file import render
from fencepost.reports.stored import RunRefused, report_from_events, run_from, stored_run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

PUBLISHED = Path(__file__).parent.parent / "schemas" / "run-v1.json"
Lines = list[bytes]


def _lines(report: Report) -> Lines:
    return list(report_to_events(report, environment=Environment(python="3.0", platform="elsewhere")))


def _refused(lines: Lines) -> str:
    with pytest.raises(RunRefused) as refused:
        report_from_events(b"".join(lines))
    return str(refused.value)


def test_what_is_written_is_read_back_the_same(report: Report) -> None:
    assert report_from_events(b"".join(_lines(report))) == report


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(_TEXT, max_size=3, unique=True), log=_TEXT, more=st.dictionaries(_TEXT, _TEXT, max_size=2))
def test_any_texts_are_read_back_the_same(report: Report, texts: list[str], log: str, more: dict[str, object]) -> None:
    clauses = tuple(Clause(id=one, level=one, group=log, text=one, verdict="pass", detail=log) for one in texts)
    changed = replace(
        report, clauses=clauses, notes=tuple(texts), log=log, subject=replace(report.subject, choices=more)
    )
    assert report_from_events(b"".join(_lines(changed))) == changed


def test_every_line_is_valid_against_the_published_schema(report: Report) -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    lines = [json.loads(line) for line in _lines(report)]
    for line in lines:
        validator.validate(line)
    assert {line["event"] for line in lines} == set(KINDS)


def test_the_published_schema_of_the_stream_is_that_of_the_events() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == json.loads(json.dumps(run_schema())), (
        "the events changed: fencepost schema run > reports/schemas/run-v1.json"
    )


def test_the_environment_is_told_in_the_header_and_is_no_part_of_the_body(report: Report) -> None:
    here = render(report, page=Page()).encode("utf-8").splitlines(keepends=True)
    elsewhere = _lines(report)
    assert here[0] != elsewhere[0]
    assert here[1:] == elsewhere[1:]
    assert NOT_OF_THE_BODY == ("environment",)
    output = run_from(b"".join(here)).environment
    assert output == Environment(python=platform.python_version(), platform=platform.system())
    assert run_from(b"".join(here)).report == run_from(b"".join(elsewhere)).report


def test_a_member_that_only_a_later_version_knows_is_passed_over(report: Report) -> None:
    lines = _lines(report)
    footer = json.loads(lines[-1])
    lines[-1] = json.dumps({**footer, "weather": "fair"}).encode() + b"\n"
    assert report_from_events(b"".join(lines)) == report


def test_a_counterexample_with_a_lone_surrogate_has_the_digest_that_its_line_says(report: Report) -> None:
    call = Call(method="addIpRule", params={"value": "\ud800"})
    one = replace(report.clauses[1].counterexamples[0], calls=(call,), got="\udfff")
    changed = replace(report, clauses=(replace(report.clauses[1], counterexamples=(one,)),))
    (read,) = report_from_events(b"".join(_lines(changed))).clauses[0].counterexamples
    assert (read.got, read.calls[0].params) == ("\\udfff", {"value": "\\ud800"})


def test_a_lone_surrogate_becomes_its_escape_in_the_stream(report: Report) -> None:
    assert report_from_events(b"".join(_lines(replace(report, log="\ud800")))).log == "\\ud800"


def _without(index: int) -> Callable[[Lines], Lines]:
    return lambda lines: [line for number, line in enumerate(lines) if number != index % len(lines)]


def _twice(index: int) -> Callable[[Lines], Lines]:
    return lambda lines: [*lines[: index + 1], *lines[index:]]


def _changed(index: int, before: bytes, after: bytes) -> Callable[[Lines], Lines]:
    def change(lines: Lines) -> Lines:
        assert before in lines[index]
        return [*lines[:index], lines[index].replace(before, after, 1), *lines[index:][1:]]

    return change


# Of the report of these tests line 1 is the header, 2 DEC-3, 3 DEC-4, 4 its counterexample, 5 to 8 the other clauses,
# 9 to 11 the ledger, 12 and 13 the decoys, 14 the log, 15 the footer.
@pytest.mark.parametrize(
    ("spoil", "place", "reason"),
    [
        (_without(0), "line 1", "not the header"),
        (_without(-1), "line 14", "cut short: there is no footer"),
        (lambda lines: [*lines[:-1], lines[-1][:-20]], "line 15", "cut short: the line has no end"),
        (lambda lines: [*lines[:4], lines[4][:30]], "line 5", "cut short: the line has no end"),
        (lambda lines: lines[:1], "line 1", "cut short: there is no footer"),
        (_twice(0), "line 2", "a second header"),
        (_twice(1), "line 3", "the clause 'DEC-3' a second time"),
        (_twice(3), "line 5", "more counterexamples of 'DEC-4' than the 1 announced"),
        (_twice(8), "line 10", "the ledger entry 'host-bits' a second time"),
        (_twice(11), "line 13", "the decoy 'flip-at-an-edge' a second time"),
        (_twice(13), "line 15", "a second log"),
        (_twice(14), "line 16", "an event after the footer"),
        (_without(3), "line 4", "1 counterexamples of 'DEC-4' announced, 0 there"),
        (_without(4), "line 14", "the footer's counts are wrong: 6 clause, counted 5"),
        (_without(13), "line 14", "the footer's counts are wrong: 1 log, counted 0"),
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "line 3", "announced"),
        (_changed(3, b'"clause":"DEC-4"', b'"clause":"DEC-3"'), "line 4", "does not follow its clause"),
        (_changed(3, b'"got":"allow"', b'"got":"deny"'), "line 4", "its calls and answer have the digest"),
        (_changed(3, b'"value":"20.1.2.0/24"', b'"value":"20.1.3.0/24"'), "line 4", "its calls and answer"),
        (_changed(1, b"12345", b"12346"), "line 15", "the digest"),
        (_changed(0, b'"seed":7', b'"seed":8'), "line 15", "the digest"),
        (_changed(0, b'"schemaVersion":"1"', b'"schemaVersion":"2"'), "line 1", "schema version '2'"),
        (_changed(8, b'"event":"ledger"', b'"event":"ledgers"'), "line 9", "unknown event 'ledgers'"),
        (_changed(1, b'"verdict":"pass"', b'"verdict":"fine"'), "line 2", "Invalid enum value 'fine'"),
        (_changed(1, b'"id"', b'"ID"'), "line 2", "missing required field `id`"),
        (lambda lines: [*lines[:5], b"\n", *lines[5:]], "line 6", "is no event"),
        (lambda lines: [*lines[:5], b"\xff\xfe\n", *lines[5:]], "line 6", "is no event"),
        (lambda lines: [*lines[:5], b"[" * 100_000 + b"\n", *lines[5:]], "line 6", "is no event"),
        (lambda lines: [*lines[:5], b'{"event":"ledger","a":' + b"[" * 100_000 + b"\n"], "line 6", "nested too deeply"),
    ],
)
def test_a_stream_that_is_not_whole_is_refused_with_the_line_and_the_reason(
    report: Report, spoil: Callable[[Lines], Lines], place: str, reason: str
) -> None:
    found = _refused(spoil(_lines(report)))
    assert found.startswith(f"{place}: ")
    assert reason in found


def test_any_flipped_bit_of_the_body_is_refused(report: Report) -> None:
    data = b"".join(replace_environment(_lines(report)))
    for place in range(0, len(data), 7):
        spoiled = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        try:
            read = run_from(spoiled).report
        except RunRefused:
            continue
        # The footer has no digest of its own: what it says of the run may change, what it counts may not.
        assert read.clauses == report.clauses
        assert place > data.index(b'{"event":"end"')


def replace_environment(lines: Lines) -> Lines:
    """The lines with a header that is of the body alone."""
    header = msgspec.json.decode(lines[0], type=dict[str, object])
    return [msgspec.json.encode({**header, "environment": None}) + b"\n", *lines[1:]]


def test_a_run_over_the_limit_is_refused_without_reading_all_of_it(
    report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RunRefused, match="larger than 64 MiB"):
        stored_run(Path("/dev/zero"))
    monkeypatch.setattr(stored, "LARGEST", 1 << 20)
    changed = replace(report, log="x" * (1 << 20))
    with pytest.raises(RunRefused, match="larger than 1 MiB"):
        run_from(b"".join(_lines(changed)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"\x89PNG\r\n", "is no stored run"),
        (b'{"a": 1}', "missing required field"),
        (b"[]", "is no stored run"),
        (b"[" * 100_000, "is no stored run"),
        (b'{\n"a": ' + b"[" * 100_000, "is nested too deeply"),
        (b'{"schemaVersion": "9"}', "$.schemaVersion: schema version '9'"),
        (b'{"event": "run", "schemaVersion": "9"}\n', "line 1: schema version '9'"),
    ],
)
def test_what_is_no_run_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(RunRefused) as refused:
        run_from(data)
    assert reason in str(refused.value)


def test_a_report_in_json_is_read_as_well(report: Report) -> None:
    data = report_to_json(report)
    assert run_from(data).report == report
    assert run_from(json.dumps(json.loads(data)).encode()).report == report
    twice = replace(report, clauses=(*report.clauses, report.clauses[0]))
    with pytest.raises(RunRefused, match=r"\$\.clauses: the clause 'DEC-3' occurs 2 times"):
        run_from(report_to_json(twice))


def test_a_folder_is_read_by_its_stream_first(report: Report, tmp_path: Path) -> None:
    with pytest.raises(RunRefused, match=r"neither run\.ndjson nor report\.json"):
        stored_run(tmp_path)
    (tmp_path / "report.json").write_bytes(report_to_json(replace(report, seed=1)))
    assert stored_run(tmp_path).report.seed == 1
    (tmp_path / "run.ndjson").write_text(render(report, page=Page()), encoding="utf-8")
    assert stored_run(tmp_path).report.seed == 7


def test_a_control_that_turns_text_around_is_written_as_its_escape_and_read_again(report: Report) -> None:
    turned = replace(report, subject=replace(report.subject, name="vault\u202egpj.exe\u2066"), log="\u200f")
    for written in (report_to_json(turned), b"".join(_lines(turned))):
        assert not set(written.decode("utf-8")) & set("\u202e\u2066\u200f")
        assert b"vault\\u202egpj.exe\\u2066" in written
    assert report_from_events(b"".join(_lines(turned))) == turned
