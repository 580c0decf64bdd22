"""The pages on adapter files and on `init`: every block runs, and prints what the page says."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from fencepost.adapters.cli.sections import CliFile
from fencepost.adapters.mistakes import mistakes_in
from fencepost.adapters.rest.sections import RestFile

SOURCE = Path(__file__).parents[2]
EXAMPLES = SOURCE / "adapters" / "examples"
NEEDS = {
    "cli.md": ("grepcidr", "postfix", "go"),
    "rest.md": ("nginx", "caddy", "any-ip", "haproxy"),
    "init.md": (),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block of a page."""

    language: str
    text: str

    @property
    def file(self) -> str | None:
        """The name in its first line, where it is a whole file."""
        found = re.match(r"# ([\w-]+\.toml)\n", self.text)
        return found[1] if found else None


def _blocks(page: str) -> Iterator[Block]:
    text = (SOURCE / "docs" / page).read_text(encoding="utf-8")
    for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        yield Block(language=language, text=body)


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.engine(need) for need in needs]) for page, needs in NEEDS.items()]
)
def test_every_block_of_a_page_runs_and_prints_what_the_page_says(tmp_path: Path, page: str) -> None:
    examples = EXAMPLES / Path(page).stem
    if examples.is_dir():
        for one in examples.iterdir():
            if one.suffix != ".toml":
                shutil.copy(one, tmp_path)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"], "/usr/sbin"])
    environment = {**os.environ, "PATH": path, "COLUMNS": "120"}
    printed, ran = "", 0
    for block in _blocks(page):
        if block.language == "toml" and block.file is not None:
            (tmp_path / block.file).write_text(block.text, encoding="utf-8")
        elif block.language == "sh":
            expected = re.search(r"# exit status (\d)", block.text)
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-m", "-c", block.text],
                cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
            )  # fmt: skip
            printed = re.sub(r"\s+", " ", done.stdout + done.stderr)
            assert done.returncode == (int(expected[1]) if expected else 0), block.text + done.stdout + done.stderr
            ran += 1
        elif block.language == "text":
            for line in block.text.splitlines():
                output = " ".join(line.partition("…")[0].split())
                assert output in printed, f"{output!r} is not in {printed!r}"
    assert ran >= 2


@pytest.mark.parametrize(("page", "shape"), [("cli.md", CliFile), ("rest.md", RestFile)])
def test_every_fragment_of_a_file_has_known_keys_and_sound_values(page: str, shape: type[CliFile | RestFile]) -> None:
    fragments = [block for block in _blocks(page) if block.language == "toml" and block.file is None]
    assert fragments
    for block in fragments:
        found = [one for one in mistakes_in(tomllib.loads(block.text), shape) if "it is missing" not in one.says]
        assert not found, block.text


@pytest.mark.parametrize("page", ["cli.md", "rest.md"])
def test_the_files_of_a_page_are_the_examples(page: str) -> None:
    shown = {block.file: block.text for block in _blocks(page) if block.language == "toml" and block.file is not None}
    examples = EXAMPLES / Path(page).stem
    assert set(shown) == {one.name for one in examples.glob("*.toml")}
    for name, text in shown.items():
        assert text == f"# {name}\n{(examples / name).read_text(encoding='utf-8')}"
