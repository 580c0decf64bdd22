"""The sections of a `cli:` file: how a tool is asked, and how what it gives back is read."""

import re
from collections.abc import Callable
from typing import Annotated, Literal

from fencepost.adapters.declared.commands import EndsWith, holds
from fencepost.adapters.declared.reading import compiled
from fencepost.adapters.declared.sections import AnyFile, Section
from fencepost.adapters.declared.texts import PlaceText, Regex, RequestText, RuleSetText
from msgspec import Meta, field


class Says(EndsWith, frozen=True, kw_only=True):
    """How an answer is read: from the way a process ends, or, in the ways `batch` and `stays`, from one `line` of it.

    `line` is a regular expression that a line must match as a whole. In the way `batch` its group `key` holds the
    line that was sent, so that lines may come in any order; without that group the lines come in the order of the
    requests.
    """

    line: Regex | None = None

    def finder(self) -> Callable[[str], re.Match[str] | None]:
        """A function from a line to what the expression matches; to None where a condition on a line does not hold."""
        match = compiled(r"(?s:.*)" if self.line is None else self.line).fullmatch
        conditions = self.json
        if conditions is None:
            return match
        return lambda line: match(line) if holds(conditions, line.encode("utf-8")) else None


class Decide(Section, frozen=True, kw_only=True):
    """How a decision is asked: `one` process a decision, one for a `batch` of them, or one that `stays`.

    `run` is the command, `stdin` what a process of the way `one` reads. `each` is the line for one request in the
    other two ways. `absent` is what a request means that no line of a batch names; `done` is how a batch ends when
    all went well. `ready` is the line that a process which stays says first; `rules` the line that hands it the
    rules, which it answers with a line that `accepted` or `refused` describes. Without `rules` it is started anew for
    each rule set.
    """

    way: Literal["one", "batch", "stays"] = "one"
    run: Annotated[list[RequestText], Meta(min_length=1)]
    env: dict[str, RuleSetText] = field(default_factory=dict)
    folder: PlaceText = "${here}"
    stdin: RequestText = ""
    each: RequestText | None = None
    parallel: Annotated[int, Meta(ge=1, le=64)] = 1
    batch_size: Annotated[int, Meta(ge=1, le=4096)] = 4096
    allow: Says
    deny: Says | None = None
    inconclusive: Says | None = None
    absent: Literal["allow", "deny"] | None = None
    done: EndsWith = EndsWith(exit=0)
    ready: Regex | None = None
    rules: RuleSetText | None = None
    accepted: Says | None = None
    refused: Says | None = None

    @property
    def outcomes(self) -> dict[str, Says]:
        """The mappings of a decision that the file has."""
        given = {"allow": self.allow, "deny": self.deny, "inconclusive": self.inconclusive}
        return {outcome: says for outcome, says in given.items() if says is not None}


class CliFile(AnyFile, frozen=True, kw_only=True):
    """A `cli:` file: the sections subject, rules, default-action, language and decide."""

    decide: Decide
