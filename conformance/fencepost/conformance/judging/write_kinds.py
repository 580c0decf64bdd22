"""The kinds of writes: a subject that cannot put any write of a kind is not judged by the clauses of that kind."""

import re
from collections.abc import Iterator, Mapping

from fencepost.conformance.lockstep.case import WriteStep
from fencepost.reference import Violation, Write

_PLAIN = re.compile(r"[0-9A-Za-z./:_-]{1,256}", re.ASCII)
_PART = re.compile(r"[A-Za-z]+|[0-9]+", re.ASCII)


def kinds_of_write(step: WriteStep, expected: Write) -> tuple[str, ...]:
    """The widest kind first: the method and the clauses that demand a refusal. Then, for each wrong text, its own kind.

    Every language can express a text of letters, digits, dots, slashes, colons and hyphens. So a harness that cannot
    put one such text, and can put others, hides an answer.
    """
    certain = [violation for violation in expected.violations if violation.is_certain]
    widest = " ".join([step.method, *sorted({violation.clause for violation in certain})])
    texts = dict.fromkeys(text for violation in certain for text in _plain_text(step, violation))
    return (widest, *(f"{widest} {text}" for text in texts))


def _plain_text(step: WriteStep, violation: Violation) -> Iterator[str]:
    """The text at the violation's path, if it is plain."""
    value: object = step.params["networkAcls"] if step.method == "putRules" else step.params
    for part in _PART.findall(violation.path):
        if isinstance(value, Mapping):
            value = value.get(part)
        elif isinstance(value, list | tuple):
            value = value[int(part)]
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        yield value
