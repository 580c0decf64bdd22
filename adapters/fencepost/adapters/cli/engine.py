"""A command-line tool as an engine: where its rules go, whether it stays, and a folder of the run's own."""

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fencepost.adapters.cli.asking import Asking
from fencepost.adapters.cli.conversation import Conversation
from fencepost.adapters.cli.lines import LineReading
from fencepost.adapters.cli.sections import CliFile
from fencepost.adapters.declared.engine import ASKED, Answer, Refusal, RequestObject, Shown, decision
from fencepost.adapters.declared.reading import Broken, compiled
from fencepost.adapters.declared.rule_file import RuleFile
from fencepost.adapters.declared.rule_text import NotExpressible
from fencepost.adapters.declared.run import started
from fencepost.adapters.declared.texts import environment_places, filled, filler, uses
from fencepost.adapters.processes import Tail

_LONGEST_ARGUMENT = 128 * 1024 - 1
"""The longest argument, and the longest NAME=value of an environment, that Linux takes, in bytes."""


class CliEngine:
    """The tool of one file. Several connections have several of these, each with its own folder."""

    def __init__(self, file: CliFile, *, folder: Path, shown: Shown) -> None:
        self._file = file
        self._folder = folder
        self._shown = shown
        self._log = Tail()
        self._tmp = Path(tempfile.mkdtemp(prefix="fencepost-cli-")).resolve()
        self._places = environment_places(file) | {"here": str(folder), "tmp": str(self._tmp)}
        if file.rules.file is not None:
            named = Path(filled(file.rules.file, self._places))
            self._places["rules_file"] = str(named if named.is_absolute() else self._tmp / named)
        self._rule_file = RuleFile(file.rules, folder=folder, shown=shown)
        self._asking = Asking(file.decide, shown)
        self._stays = file.decide.way == "stays"
        self._reading = LineReading.of_decisions(file.decide)
        self._conversation: Conversation | None = None
        self._has_rules = False

    @property
    def needs_rules(self) -> bool:
        """Whether rules are to be put again: the tool that stays is new or has died, or a write ended in the middle."""
        if self._stays and self._conversation is not None and not self._conversation.is_alive():
            self._drop()
        return not self._has_rules

    def open(self, deadline: float) -> None:
        """Nothing: a tool is started when there are rules for it."""

    def places(self) -> Mapping[str, str]:
        """The placeholders that are known at all times."""
        return self._places

    def put(self, values: Mapping[str, str], deadline: float, *, is_new: bool) -> Refusal | None:  # noqa: ARG002
        """Write the rules down, check and apply them, hand them to the tool that stays."""
        self._fits(values)
        had, talked_to, self._has_rules = self._has_rules, self._conversation, False
        refusal = self._rule_file.put(values, deadline, lambda: self._hand_over(values, deadline))
        untouched = self._file.rules.apply is None and self._conversation is talked_to
        self._has_rules = refusal is None or (had and untouched)
        return refusal

    def ask(self, requests: Sequence[RequestObject], values: Mapping[str, str], deadline: float) -> list[Answer]:
        """One decision a request, in order."""
        if not self._stays:
            return self._asking.ask(requests, values, deadline)
        each = filler(self._file.decide.each or "", ASKED, values)
        lines = list(map(each, requests))
        answers = self._exchange(lines, len(lines), deadline)
        read: dict[str, Answer] = {}
        for line, answer in zip(lines, answers, strict=True):
            if answer not in read:
                read[answer] = decision(self._read(self._reading, line, answer))
        return [read[answer] for answer in answers]

    def bare_loop(self, requests: Sequence[RequestObject], values: Mapping[str, str]) -> Callable[[], object]:
        """A loop that runs the same processes side by side, or writes the same lines to the tool that stays."""
        if not self._stays or self._conversation is None:
            return self._asking.bare_loop(requests, values)
        each = filler(self._file.decide.each or "", ASKED, values)
        text = "".join(f"{each(request)}\n" for request in requests).encode("utf-8")
        conversation = self._conversation
        return lambda: conversation.write_and_read(text, len(requests))

    def log(self) -> str:
        """What the tool that stays has written to stderr."""
        return self._log.text()

    def close(self) -> None:
        """End the tool, remove the folder."""
        self._drop()
        self._asking.close()
        shutil.rmtree(self._tmp, ignore_errors=True)

    def _fits(self, values: Mapping[str, str]) -> None:
        decide = self._file.decide
        longest = len(values["rules"].encode("utf-8"))
        if longest > _LONGEST_ARGUMENT - 1024 and uses([decide.run, decide.env], "rules"):
            raise NotExpressible(f"{longest} bytes of rules do not go into an argument or a variable")

    def _hand_over(self, values: Mapping[str, str], deadline: float) -> Refusal | None:
        if not self._stays:
            return None
        decide = self._file.decide
        if self._conversation is None or not self._conversation.is_alive() or decide.rules is None:
            self._drop()
            self._start(values, deadline)
        if decide.rules is None:
            return None
        line = filled(decide.rules, values)
        if "\n" in line:
            raise NotExpressible("the rules have line breaks, and the tool reads them from one line")
        (answer,) = self._exchange([line], 1, deadline)
        named = {"accepted": decide.accepted, "refused": decide.refused}
        mappings = {name: says for name, says in named.items() if says is not None}
        reading = LineReading(where="decide", mappings=mappings)
        return Refusal(message=answer) if self._read(reading, line, answer) == "refused" else None

    def _read(self, reading: LineReading, sent: str, answer: str) -> str:
        try:
            meaning = reading.of_line(answer)
        except Broken as broken:
            broken.offending = f"to {sent!r}: {answer}"
            self._drop()  # lines and answers may be out of step
            raise
        self._shown.note(f"decide.{meaning}", lambda: sent, lambda: answer)
        return meaning

    def _start(self, values: Mapping[str, str], deadline: float) -> None:
        decide = self._file.decide
        self._conversation = Conversation(started(decide.run, decide.env, decide.folder, values, self._log))
        if decide.ready is not None:
            ready = compiled(decide.ready)
            while ready.fullmatch(self._exchange([], 1, deadline)[0]) is None:
                pass

    def _exchange(self, lines: Sequence[str], wanted: int, deadline: float) -> list[str]:
        if self._conversation is None:
            raise Broken(expected="a tool that has its rules", came="one that has not been started")
        try:
            return self._conversation.lines(lines, wanted, deadline)
        except BaseException:  # an interrupt too: lines and answers are out of step
            self._drop()
            raise

    def _drop(self) -> None:
        self._has_rules = False
        if self._conversation is not None:
            self._conversation.end()
            self._conversation = None
