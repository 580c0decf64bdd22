"""Requests to the service: control requests one by one, decisions in waves of as many at once as the file says."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from fencepost.adapters.any_ip import NotFromHere
from fencepost.adapters.declared.reading import Broken
from fencepost.adapters.rest.link import Link, Way
from fencepost.adapters.rest.reply import Reply
from fencepost.adapters.rest.requests import Question
from fencepost.adapters.rest.urls import Place, Sent, place_of

_MOVED = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """A request that could not be sent from its address, and why."""

    reason: str


class Exchange:
    """The connections to one service. Kept ones are used again; `forget` closes them all."""

    def __init__(self, way: Way, *, concurrency: int, keep_alive: bool, follows: bool) -> None:
        self._way = way
        self._concurrency = concurrency
        self._keep_alive = keep_alive
        self._follows = follows
        self._by_address = way.bound or way.proxy is not None
        self._slots: dict[tuple[Place, int], Link] = {}

    def one(self, sent: Sent, deadline: float) -> Reply:
        """The answer to a control request, by a connection of its own without a caller's address."""
        with contextlib.closing(Link(sent.place, self._way, None, deadline)) as link:
            link.send(sent, deadline)
            reply, _ = link.receive(sent.method, deadline)
        return self._followed(sent, reply, None, deadline)

    def ask(self, questions: Sequence[Question], deadline: float) -> list[Reply | NotSent]:
        """One reply a question, in order. Where connections have addresses, those of one address share one."""
        replies: list[Reply | NotSent | None] = [None] * len(questions)
        for wave in self._waves(questions):
            links: dict[int, Link] = {}
            try:
                for turn in range(max(map(len, wave))):
                    self._turn(questions, wave, turn, links, replies, deadline)
            except BaseException:  # an interrupt too: answers may be on their way
                for link in links.values():
                    link.close()
                self.forget()
                raise
            if self._by_address:
                for link in links.values():
                    link.close()
        return [reply for reply in replies if reply is not None]

    def forget(self) -> None:
        """Close every kept connection."""
        for link in self._slots.values():
            link.close()
        self._slots.clear()

    def _waves(self, questions: Sequence[Question]) -> list[list[list[int]]]:
        """Groups of questions that share a connection, as many groups at a time as there may be connections."""
        if self._by_address:
            of_caller: dict[object, list[int]] = {}
            for number, question in enumerate(questions):
                of_caller.setdefault((question.address, question.tlvs), []).append(number)
            groups = list(of_caller.values())
            if not self._keep_alive:
                groups = [[number] for group in groups for number in group]
        else:
            many = min(self._concurrency, len(questions))
            groups = [list(range(start, len(questions), many)) for start in range(many)] if questions else []
        return [groups[start : start + self._concurrency] for start in range(0, len(groups), self._concurrency)]

    def _turn(
        self,
        questions: Sequence[Question],
        wave: Sequence[Sequence[int]],
        turn: int,
        links: dict[int, Link],
        replies: list[Reply | NotSent | None],
        deadline: float,
    ) -> None:
        """One request on each connection of the wave: all are sent before the first answer is read."""
        asked = [(slot, group[turn]) for slot, group in enumerate(wave) if turn < len(group)]
        for slot, number in asked:
            question = questions[number]
            try:
                link = self._link(slot, question, links, deadline)
            except NotFromHere as error:
                replies[number] = NotSent(reason=str(error))
                continue
            try:
                link.send(question.sent, deadline)
            except Broken:
                if not link.used:
                    raise
                self._renewed(slot, question, links, deadline).send(question.sent, deadline)
        for slot, number in asked:
            if replies[number] is None:
                question = questions[number]
                reply = self._read(slot, question, links, deadline)
                if self._follows:
                    reply = self._followed(question.sent, reply, question.address, deadline)
                replies[number] = reply

    def _read(self, slot: int, question: Question, links: dict[int, Link], deadline: float) -> Reply:
        link = links[slot]
        was_used = link.used
        try:
            reply, goes_on = link.receive(question.sent.method, deadline)
        except Broken:
            # A service may close a kept connection while a request is on its way. A GET may be sent again.
            if not was_used or question.sent.method not in ("GET", "HEAD") or not link.is_stale():
                raise
            link = self._renewed(slot, question, links, deadline)
            link.send(question.sent, deadline)
            reply, goes_on = link.receive(question.sent.method, deadline)
        if not goes_on or not self._keep_alive:
            self._drop(slot, question, links)
        return reply

    def _link(self, slot: int, question: Question, links: dict[int, Link], deadline: float) -> Link:
        kept = not self._by_address
        link = links.get(slot) or (self._slots.get((question.sent.place, slot)) if kept else None)
        if link is not None and link.is_stale():
            self._drop(slot, question, links)
            link.close()
            link = None
        if link is None:
            link = Link(question.sent.place, self._way, question.address, deadline, question.tlvs)
        links[slot] = link
        if kept:
            self._slots[question.sent.place, slot] = link
        return link

    def _renewed(self, slot: int, question: Question, links: dict[int, Link], deadline: float) -> Link:
        self._drop(slot, question, links)
        return self._link(slot, question, links, deadline)

    def _drop(self, slot: int, question: Question, links: dict[int, Link]) -> None:
        self._slots.pop((question.sent.place, slot), None)
        link = links.pop(slot, None)
        if link is not None:
            link.close()

    def _followed(self, sent: Sent, reply: Reply, address: str | None, deadline: float) -> Reply:
        """The answer behind redirects, as far as they stay on the host and the file has them followed."""
        if not self._follows:
            return reply
        for _ in range(_MOST_REDIRECTS):
            location = reply.header("Location")
            if reply.status not in _MOVED or location is None:
                return reply
            target = urljoin(f"{sent.place.url}{sent.path}", location)
            try:
                place, path = place_of(target)
            except ValueError:
                raise Broken(expected="a redirect to a URL", came=target) from None
            if place != sent.place:
                raise Broken(expected=f"redirects that stay on {sent.place.url}", came=f"one to {place.url}")
            method, body = ("GET", None) if reply.status == 303 else (sent.method, sent.body)
            sent = replace(sent, path=path, method=method, body=body)
            with contextlib.closing(Link(place, self._way, address, deadline)) as link:
                link.send(sent, deadline)
                reply, _ = link.receive(sent.method, deadline)
        raise Broken(expected=f"at most {_MOST_REDIRECTS} redirects", came="more")
