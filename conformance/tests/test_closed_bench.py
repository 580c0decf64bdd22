"""Explorations reach the subject by the verbs of the bench, and nothing behind it."""

import ast
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from fencepost.conformance.bench.bench import Bench

ROOMS = ("explorations", "bounded")
VERBS = frozenset(
    [
        "vault",
        "profile",
        "capabilities",
        "settle_seconds",
        "failed",
        "failures_of",
        "decisive",
        "configurations",
        "largest_call",
        "case_with",
        "replay_line",
        "reset",
        "settle_in",
        "put",
        "write",
        "attempt",
        "endpoints",
        "ask",
        "read",
        "look",
        "can_be_shared",
        "another",
        "observed",
        "limit_found",
        "limit_at_least",
        "remark",
        "leave_out",
        "fail",
        "faulted",
        "depends",
        "goes_on",
    ]
)
BEHIND = ("judging.tally", "lockstep.lockstep", "diagnosis.diagnosis", "bench.state", "bench.in_force")


def sources() -> list[Path]:
    return sorted(Path(str(files("fencepost.conformance") / room)) for room in ROOMS)


MODULES = [path for folder in sources() for path in sorted(folder.glob("*.py")) if path.name != "run.py"]


def behind(tree: ast.AST) -> Iterator[str]:
    """What a module takes from the bench that is no verb, and what it imports from behind it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            name = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if name in ("bench", "_bench") and node.attr not in VERBS:
                yield f"{name}.{node.attr}"
        if isinstance(node, ast.ImportFrom) and node.module is not None and node.module.endswith(BEHIND):
            yield node.module


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_exploration_uses_the_verbs_of_the_bench_alone(path: Path) -> None:
    assert list(behind(ast.parse(path.read_bytes()))) == []


def test_what_is_behind_the_bench_is_found_where_it_is_used() -> None:
    bad = "from fencepost.conformance.judging.tally import Tally\nbench.tally.limits[1] = bench.meter\nself.bench.ask()"
    assert sorted(behind(ast.parse(bad))) == ["bench.meter", "bench.tally", "fencepost.conformance.judging.tally"]


def test_every_verb_is_one_that_the_bench_has() -> None:
    assert {verb for verb in VERBS if not hasattr(Bench, verb)} == {"profile", "capabilities", "replay_line"}
    assert len(MODULES) > 20
