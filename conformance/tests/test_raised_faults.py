"""A harness that raises: every form shows the call, the message and the traceback, without secrets and folders."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner
from fencepost.adapters.contract import RpcError, Timeouts
from fencepost.conformance.bench.effort import EFFORTS
from fencepost.conformance.commands import main
from fencepost.conformance.lockstep.raised_faults import RaisedFaults
from fencepost.conformance.run.opening import begun, connected
from fencepost.conformance.run.plan import Plan
from fencepost.reports.model import Report
from fencepost.reports.page import Page
from fencepost.reports.renderer import load_renderer


class Careless:
    """A harness that takes an absent member for granted."""

    def describe(self, *, protocol: int) -> dict[str, object]:
        features = ["ip-rules-only", "decisions-only", "data-plane-only"]
        return {"protocol": protocol, "name": "careless", "version": "1", "profile": "keyvault", "features": features}

    def reset(self, *, subnets: Sequence[object]) -> dict[str, object]:
        return {"subnets": len(subnets)}

    def put_rules(self, *, network_acls: dict[str, object]) -> dict[str, object]:
        password: dict[str, bool] = {}  # the line of the fault stands in the traceback
        return {"accepted": password["token=0123456789abcdef"]}

    def decide(self, *, requests: Sequence[object]) -> dict[str, object]:
        return {"decisions": ["deny" for _ in requests]}


@pytest.fixture(scope="module")
def report() -> Report:
    with connected(Careless, Timeouts()) as connection:
        campaign = begun(connection, Plan(subject="library:careless:Careless", effort=EFFORTS["quick"]))
        campaign.run()
        return campaign.report()


@pytest.mark.parametrize("form", ["terminal", "html", "markdown", "junit", "sarif", "json", "events"])
def test_every_form_shows_the_call_the_message_and_the_traceback(report: Report, form: str) -> None:
    shown = load_renderer(form)(report, page=Page(width=400)).replace("&quot;", '"').replace('\\"', '"')
    assert "the harness raised an exception at: putRules {" in shown
    assert "in put_rules" in shown
    assert "KeyError: " in shown
    assert "0123456789abcdef" not in shown
    assert __file__ not in shown


def test_a_kind_of_exception_is_kept_once_and_a_long_traceback_is_cut_in_the_middle() -> None:
    raised = RaisedFaults()
    frames = "".join(f'  File "/a/b/deep.py", line {n}, in f{n}\n    f{n + 1}()\n' for n in range(50))
    fault = RpcError(
        method="decide",
        expected="a result",
        came="RecursionError",
        code=-32000,
        traceback=f"Traceback (most recent call last):\n{frames}RecursionError: too deep\n",
    )
    raised.note(fault, {"requests": list(range(5000))})
    raised.note(fault, {"requests": []})
    (output,) = raised.texts
    assert "4994 more" in output
    assert "in f49" in output
    assert "in f3\n" not in output
    assert len(output.splitlines()) < 25
    assert json.dumps(output)


RAISING = """
class {name}:
    def __init__(self):
        {first}
    def describe(self, *, protocol):
        features = ["ip-rules-only", "decisions-only", "data-plane-only"]
        return {{"protocol": protocol, "name": "n", "version": "1", "profile": "keyvault", "features": features}}
    def reset(self, *, subnets):
        return {{}}
    def put_rules(self, *, network_acls):
        return {{"accepted": True}}
    def decide(self, *, requests):
        return self.deep(requests, 30)
    def deep(self, requests, left):
        left or self.end("token=0123456789abcdef")
        return self.deeper(requests, left - 1)
    def deeper(self, requests, left):
        return self.deep(requests, left)
    def end(self, secret):
        raise KeyError(secret)
"""


@pytest.mark.parametrize("command", ["smoke", "check"])
@pytest.mark.parametrize(("name", "first"), [("RaisesLate", "pass"), ("RaisesAtOnce", "self.end('here')")])
def test_smoke_and_check_show_a_call_that_raised_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, name: str, first: str
) -> None:
    (tmp_path / f"{name.lower()}.py").write_text(RAISING.format(name=name, first=first))
    monkeypatch.syspath_prepend(tmp_path)
    arguments = [command, f"library:{name.lower()}:{name}", *(["--clause", "DEC-3"] if command == "check" else [])]
    shown = CliRunner().invoke(main, arguments, env={"COLUMNS": "400"}, catch_exceptions=False).output
    assert f'File "{name.lower()}.py", line ' in shown
    assert "KeyError: " in shown
    assert str(tmp_path) not in shown
    assert "0123456789abcdef" not in shown
    if name == "RaisesLate":
        assert 'decide {"requests": [{"plane": "data", ' in shown
        assert " lines …" in shown
