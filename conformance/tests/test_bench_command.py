"""`bench`: what it shows and stores, and that it measures no wrong decisions."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from fencepost.conformance.commands.bench_plot import bench_plot

VAULTS = "library:fencepost.conformance.commands.demo_vaults"
COMMAND = (sys.executable, "-c", "from fencepost.conformance.commands import main; main()", "bench")


def _bench(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    quick = ("--rules", "3", "--seconds", "0.01", "--storage", str(folder / "stored"))
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return subprocess.run([*COMMAND, *quick, *arguments], cwd=folder, env=plain, capture_output=True, text=True)


def test_latency_throughput_and_writes_are_measured_stored_and_compared(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")  # the project's, and not bench's
    plot = ("--rules", "30", "--plot", "scaling.svg")
    first = _bench(tmp_path, f"{VAULTS}:RightVault", "reference", "--save", "first", *plot)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "warning" not in first.stdout + first.stderr
    for measure in ("one decision", "decisions, 256 a call", "write of all rules"):
        assert first.stdout.count(measure) == 2 * 2
    assert all(column in first.stdout for column in ("median", "p99", "a second"))
    (stored,) = (tmp_path / "stored").rglob("*_first.json")
    measured = json.loads(stored.read_bytes())["benchmarks"]
    assert ET.parse(tmp_path / "scaling.svg").getroot().tag.endswith("svg")
    assert {one["params"]["subject"] for one in measured} == {f"{VAULTS}:RightVault", "reference"}
    again = _bench(tmp_path, "reference", "--compare", "0001", "--fail-if-slower", "100000")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "0001_first" in again.stdout
    assert "figures.json" not in again.stdout + again.stderr


def test_the_plot_has_a_panel_for_each_measure_and_a_line_for_each_subject(tmp_path: Path) -> None:
    times = {"one": [(3, 2e-6), (1_000, 5e-4)], "<other>": [(3, 1e-6), (1_000, 1e-6)]}
    drawn = ET.fromstring(bench_plot({"one decision": times, "write of all rules": {"one": [(3, 1.0)]}}))
    lines = [one.get("points", "").split() for one in drawn.iter("{http://www.w3.org/2000/svg}polyline")]
    (first, last), (low, level), (alone,) = ([tuple(map(float, at.split(","))) for at in line] for line in lines)
    assert first[0] == low[0] < last[0] == level[0]
    assert last[1] < first[1] < low[1] == level[1] < alone[1]
    words = {one.text for one in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {"one", "<other>", "3", "1,000", "1 µs", "100 µs", "1 ms", "1 s"} <= words


@pytest.mark.slow
def test_a_median_that_is_slower_than_allowed_ends_with_1_and_is_shown(tmp_path: Path) -> None:
    assert _bench(tmp_path, "reference", "--save", "first").returncode == 0
    (stored,) = (tmp_path / "stored").rglob("*_first.json")
    known = json.loads(stored.read_bytes())
    for one in known["benchmarks"]:
        one["stats"]["median"] /= 1_000
    stored.write_text(json.dumps(known))
    slower = _bench(tmp_path, "reference", "--compare", "0001", "--fail-if-slower", "20")
    assert slower.returncode == 1
    assert "Field 'median' has failed" in slower.stderr
    assert "Traceback" not in slower.stderr
    assert "a second" in slower.stdout


@pytest.mark.slow
def test_what_has_no_stored_figures_is_named_and_does_not_pass_for_fast_enough(tmp_path: Path) -> None:
    assert _bench(tmp_path, "reference", "--save", "first").returncode == 0
    more = (f"{VAULTS}:RightVault", "reference", "--rules", "5", "--compare", "0001")
    shown = _bench(tmp_path, *more)
    assert shown.returncode == 0
    lines = [line for line in shown.stderr.splitlines() if line.startswith("not compared: ")]
    assert len(lines) == 3 * 3
    assert f"not compared: one decision, 3 rules, {VAULTS}:RightVault: the stored figures 0001 have no such" in lines[0]
    assert not any("3 rules, reference" in line for line in lines)
    assert _bench(tmp_path, *more, "--fail-if-slower", "100000").returncode == 2


@pytest.mark.slow
def test_a_number_that_is_not_stored_is_bad_usage_and_measures_nothing(tmp_path: Path) -> None:
    nothing = _bench(tmp_path, "reference", "--compare", "0001")
    assert (nothing.returncode, nothing.stdout) == (2, "")
    assert "nothing is stored there" in nothing.stderr
    assert not (tmp_path / "stored").exists()
    assert _bench(tmp_path, "reference", "--save", "first").returncode == 0
    for options in ((), ("--fail-if-slower", "20")):
        other = _bench(tmp_path, "reference", "--compare", "0007", *options)
        assert (other.returncode, other.stdout) == (2, "")
        assert "has no figures '0007' of this machine; there is 0001" in other.stderr
        assert "Warning" not in other.stderr


@pytest.mark.slow
def test_wrong_decisions_are_not_measured(tmp_path: Path) -> None:
    result = _bench(tmp_path, f"{VAULTS}:FlawedVault")
    assert result.returncode == 1
    assert "the decisions are wrong: their speed says nothing" in result.stdout
    assert "one decision " not in result.stdout


@pytest.mark.parametrize(
    "arguments", [("no-such-subject",), ("reference", "--fail-if-slower", "10"), ("reference", "--plot", "no/such.svg")]
)
def test_bad_usage_measures_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = _bench(tmp_path, *arguments)
    assert result.returncode == 2
    assert "passed" not in result.stdout
