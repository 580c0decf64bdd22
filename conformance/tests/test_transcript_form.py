"""A transcript holds what fencepost writes and nothing else: a signer can hide no line, member or byte in it."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from certified_folder import certified, members_of, signed_anew, transcript_in_bytes
from fencepost.conformance.certificate.transcript import line_of
from fencepost.conformance.certificate.verification import consistency

pytestmark = pytest.mark.xdist_group("certificate")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certified(tmp_path_factory)


def _an_answer_hidden_in_a_side_line(lines: list[bytes]) -> None:
    lines.insert(4, b'{"m":"decide","t":[],"d":"00","k":["allow"],"o":"aaaa","side":7}\n')


def _an_unknown_side_line(lines: list[bytes]) -> None:
    lines.insert(4, b'{"side":7777,"x":"in truth it denied"}\n')


def _an_unknown_side_call(lines: list[bytes]) -> None:
    lines.insert(4, b'{"side":7777,"said":{"in truth it denied":["deny"]}}\n')


def _an_answer_given_twice(lines: list[bytes]) -> None:
    lines[_first_decide(lines)] = lines[_first_decide(lines)].replace(b'"o":', b'"o":"zzz","o":')


def _an_unknown_member(lines: list[bytes]) -> None:
    lines[_first_decide(lines)] = lines[_first_decide(lines)].replace(b"}\n", b',"note":"deny"}\n')


def _an_unknown_member_at_the_head(lines: list[bytes]) -> None:
    lines[0] = lines[0].replace(b"}\n", b',"machine":"prod-7"}\n')


def _an_unknown_member_in_the_plan(lines: list[bytes]) -> None:
    lines[0] = lines[0].replace(b'"plan":{', b'"plan":{"machine":"prod-7",')


def _an_unknown_member_at_the_end(lines: list[bytes]) -> None:
    lines[-1] = lines[-1].replace(b"}\n", b',"approved":true}\n')


def _more_readings_at_the_end(lines: list[bytes]) -> None:
    lines[-1] = lines[-1].replace(b'"t":[', b'"t":[1,').replace(b"[1,]", b"[1]")


def _blanks(lines: list[bytes]) -> None:
    lines[3] = lines[3].replace(b"}\n", b"} \n")


def _other_line_ends(lines: list[bytes]) -> None:
    lines[:] = [line.replace(b"\n", b"\r\n") for line in lines]


def _a_table_with_more_than_was_given(lines: list[bytes]) -> None:
    lines[_first_decide(lines)] = lines[_first_decide(lines)].replace(b'],"o"', b',"unused"],"o"')


def _numbers_for_letters(lines: list[bytes]) -> None:
    record = json.loads(lines[_first_decide(lines)])
    record["o"] = ["abcdefgh".index(one) for one in record["o"]]
    lines[_first_decide(lines)] = line_of(record)


def _decisions_without_a_table(lines: list[bytes]) -> None:
    record = json.loads(lines[_first_decide(lines)])
    table, order = record.pop("k"), record.pop("o")
    record["a"] = {"decisions": [table["abcdefgh".index(one)] for one in order], "note": "deny"}
    lines[_first_decide(lines)] = line_of(record)


def _first_decide(lines: list[bytes]) -> int:
    return next(place for place, line in enumerate(lines) if line.startswith(b'{"m":"decide"'))


@pytest.mark.parametrize(
    "change",
    [
        _an_answer_hidden_in_a_side_line,
        _an_unknown_side_line,
        _an_unknown_side_call,
        _an_answer_given_twice,
        _an_unknown_member,
        _an_unknown_member_at_the_head,
        _an_unknown_member_in_the_plan,
        _an_unknown_member_at_the_end,
        _more_readings_at_the_end,
        _blanks,
        _other_line_ends,
        _a_table_with_more_than_was_given,
        _numbers_for_letters,
        _decisions_without_a_table,
    ],
)
def test_a_transcript_with_more_in_it_than_fencepost_writes_is_inconsistent(
    folder: Path, change: Callable[[list[bytes]], None]
) -> None:
    found = consistency(signed_anew(transcript_in_bytes(members_of(folder), change), folder))
    assert any(reason.startswith("transcript.ndjson.gz, line ") for reason in found.against), found.against


@pytest.mark.parametrize(
    "change",
    [
        lambda packed: packed + bytes(100),
        lambda packed: (
            gzip.compress(gzip.decompress(packed)[:500], mtime=0)
            + gzip.compress(gzip.decompress(packed)[500:], mtime=0)
        ),
        lambda packed: packed[:3] + b"\x10" + packed[4:10] + b"in truth it denied\0" + packed[10:],
        lambda packed: packed[:4] + b"\1\2\3\4" + packed[8:],
    ],
    ids=["zeros after it", "two parts", "a comment", "a time"],
)
def test_a_transcript_is_packed_as_fencepost_packs_it(folder: Path, change: Callable[[bytes], bytes]) -> None:
    members = members_of(folder)
    altered = {**members, "transcript.ndjson.gz": change(members["transcript.ndjson.gz"])}
    found = consistency(signed_anew(altered, folder))
    assert any("it cannot be unpacked" in reason for reason in found.against), found.against


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"side":1,"x":[' + b"[]," * 2_000_000 + b"[]]}\n", "more answers of side connections"),
        (b'{"m":"decide","a":[' + b"[]," * 2_000_000 + b"[]]}\n", "more than 1,000,000 values"),
        (b'{"m":"' + b"x" * 40_000_000 + b'"}\n', "larger than any transcript"),
        (b'{"m":"decide","side":1}\n' * 1_000_000, "more lines than any transcript"),
    ],
    ids=["values aside", "values", "a long line", "many lines"],
)
def test_a_transcript_that_would_be_expensive_to_read_is_refused_before_it_is_read(
    folder: Path, line: bytes, reason: str
) -> None:
    found = consistency(
        signed_anew(transcript_in_bytes(members_of(folder), lambda lines: lines.insert(4, line)), folder)
    )
    assert any(reason in one for one in found.against), found.against
