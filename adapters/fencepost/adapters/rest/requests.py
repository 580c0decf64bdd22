"""The requests of a file, their placeholders filled in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from fencepost.adapters.declared.engine import ASKED, RequestObject
from fencepost.adapters.declared.texts import filled, filler
from fencepost.adapters.rest.sections import RestFile
from fencepost.adapters.rest.urls import Place, Sent, place_of, quoted


class Question(NamedTuple):
    """A request for a decision, and the address that its connection is to have, where connections have one.

    `tlvs` are further values of the connection's PROXY header, each with its name.
    """

    sent: Sent
    address: str | None
    tlvs: tuple[tuple[str, str], ...] = ()


class Requests:
    """Makes the requests of one file. `places` are the placeholders that are known at all times."""

    def __init__(self, file: RestFile, places: Mapping[str, str]) -> None:
        self._decide = file.decide
        self._place, self._base = place_of(filled(file.service.base, places))

    def sent(
        self, method: str, path: str, headers: Mapping[str, str], values: Mapping[str, str], body: str | None = None
    ) -> Sent:
        """A request that asks for no decision."""
        place, asked = self._resolved(filled(path, values))
        made = tuple((name, filled(text, values)) for name, text in headers.items())
        data = None if body is None else filled(body, values).encode("utf-8")
        return Sent(place=place, method=method, path=asked, headers=made, body=data)

    def question_maker(self, values: Mapping[str, str]) -> Callable[[RequestObject], Question]:
        """A function from a request to the question."""
        decide, source = self._decide, self._decide.source
        path = filler(decide.path, ASKED, values)
        headers = [(name, filler(text, ASKED, values)) for name, text in decide.headers.items()]
        body = None if decide.body is None else filler(decide.body, ASKED, values)
        carries = source.bound or source.proxy is not None
        tlvs = [(name, filler(text, ASKED, values)) for name, text in source.tlvs.given.items()]

        @cache
        def sent(path: str, headers: tuple[tuple[str, str], ...], body: bytes | None) -> Sent:
            place, asked = self._resolved(path)
            return Sent(place=place, method=decide.method, path=asked, headers=headers, body=body)

        def question(request: RequestObject) -> Question:
            address = request["source"]["address"]
            made = [(name, text(request)) for name, text in headers]
            if source.header is not None:
                made.append((source.header, source.value(address)))
            data = None if body is None else body(request).encode("utf-8")
            values = tuple([(name, value) for name, text in tlvs if (value := text(request))])
            return Question(sent(path(request), tuple(made), data), address if carries else None, values)

        return question

    def spoofed(self, headers: Sequence[tuple[str, str]], values: Mapping[str, str]) -> Sent:
        """A request for a secret with these headers where the source's stands."""
        request: RequestObject = {"plane": "data", "operation": "SecretGet", "source": {"address": "20.1.2.3"}}
        sent = self.question_maker(values)(request).sent
        kept = tuple(one for one in sent.headers if one[0] != self._decide.source.header)
        return replace(sent, headers=(*kept, *headers))

    def curl(self, question: Question) -> Callable[[], str]:
        """A function that makes a line to paste."""
        how: tuple[str, ...] = ()
        if question.address is not None:
            bound = ("--interface", question.address)
            how = bound if self._decide.source.bound else ("--haproxy-protocol", "--haproxy-clientip", question.address)
        also = "".join(f"  # and the {name} {text!r}, which curl cannot send" for name, text in question.tlvs)
        return lambda: question.sent.as_curl(how) + also

    def _resolved(self, path: str) -> tuple[Place, str]:
        """Where a path of the file leads: it may be a whole URL."""
        if "://" in path.partition("?")[0]:
            place, asked = place_of(path)
            return place, asked or "/"
        return self._place, f"{self._base.rstrip('/')}{quoted(path)}"
