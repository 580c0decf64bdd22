"""What engines share that are not asked over HTTP: lines in, probes from the callers' addresses, lines out."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.engine("any-ip")

NAME_SERVER = """
import socket
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
one.bind(('20.0.0.1', 5300))
while True:
    asked, peer = one.recvfrom(4096)
    code = 5 if peer[0].startswith(('9.', '127.255.')) else 2 if peer[0].startswith('8.') else 0
    one.sendto(asked[:2] + bytes([128, code]) + asked[4:], peer)
"""


def _said(lines: str, *options: str) -> tuple[list[str], int]:
    """What the vantage answers to these lines, and its exit status."""
    command = [sys.executable, "-m", "fencepost.adapters.engines.vantage", *options]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout.splitlines(), done.returncode


def test_a_connection_is_made_from_the_address_where_that_can_be_done() -> None:
    asked = "rules 1\nask 1.2.3.4\nask 224.0.0.1\nask 255.255.255.255\n"
    answers, status = _said(asked, "tcp", "--listen", "--apply=true")
    assert answers == ["ok", "allow", "inconclusive", "inconclusive"]
    assert status == 0


def test_nobody_who_listens_is_a_denial_of_a_packet_filter() -> None:
    assert _said("ask 1.2.3.4\n", "tcp") == (["deny"], 0)


def test_a_command_that_fails_is_a_refusal_in_its_own_words() -> None:
    answers, _ = _said("rules 1\nrules 2\n", "tcp", "--apply=sh -c 'echo no such >&2; echo rule >&2; exit 4'")
    assert answers == ["refused: no such rule"] * 2


def test_a_daemon_is_started_anew_with_each_rule_set_and_asked_over_udp() -> None:
    asked = "rules 1\nask 1.2.3.4\nask 9.9.9.9\nask 8.8.8.8\nrules 2\nask 127.255.255.255\n"
    answers, _ = _said(asked, "dns", "--port=5300", f'--daemon="{sys.executable}" -c "{NAME_SERVER}"')
    assert answers[:3] == ["ok", "allow", "deny"]
    assert answers[3].startswith("error: NoAnswer(")
    assert answers[4:] == ["ok", "deny"]


def test_a_daemon_that_ends_is_no_answer() -> None:
    answers, status = _said("rules 1\n", "dns", "--daemon=false")
    assert answers == []
    assert status != 0


def test_a_command_of_the_set_up_that_fails_ends_it_in_one_line() -> None:
    command = [sys.executable, "-m", "fencepost.adapters.engines.vantage", "tcp", "--setup=sh -c 'exit 4'"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "returned non-zero exit status 4" in done.stderr
