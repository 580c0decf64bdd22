"""What no single key of a `rest:` file shows to be wrong, but two together do."""

import re
from collections.abc import Iterator, Mapping
from typing import cast

import msgspec
from fencepost.adapters.declared.loading import refusals_are_read, requests_are_distinguished, used
from fencepost.adapters.declared.texts import filled, names_in, uses
from fencepost.adapters.mistakes import Mistake, near
from fencepost.adapters.rest.sections import Answers, Asked, RestFile, Where
from fencepost.adapters.rest.urls import place_of

_TOO_MUCH = 500


def mistakes_of(file: RestFile) -> Iterator[Mistake]:
    """Every mistake of the sections service, start, rules, decide, single and read-back together."""
    yield from _base(file)
    yield from _ports(file)
    yield from _source(file)
    yield from _arrive(file)
    yield from _answers(file)
    yield from _features(file)
    yield from requests_are_distinguished(file, file.decide)
    rules = file.rules
    refusing = [one for one in (rules.check, rules.apply, rules.put) if one is not None and one.refused is not None]
    yield from refusals_are_read(file, bool(refusing))


def _base(file: RestFile) -> Iterator[Mistake]:
    numbers = dict.fromkeys(names_in(file.service.base), "1")
    try:
        place_of(filled(file.service.base, numbers))
    except ValueError as error:
        yield Mistake(path="service.base", says=f"{error}; got {file.service.base!r}")
    tls = file.service.tls
    if tls.key is not None and tls.certificate is None:
        yield Mistake(path="service.tls.certificate", says="it is missing, and there is a key for it")


def _ports(file: RestFile) -> Iterator[Mistake]:
    known = [f"port.{name}" for name in (file.start.ports if file.start is not None else [])]
    for path, text in _texts(msgspec.to_builtins(file), ""):
        for name in names_in(text):
            if name.startswith("port.") and name not in known:
                meant = near(name, known) or "; start.ports names none"
                yield Mistake(path=path, says=f"no such port: ${{{name}}}{meant}")
            if name == "pid" and file.start is None:
                yield Mistake(path=path, says="${pid} is the service that start.run started, and there is no start")


def _source(file: RestFile) -> Iterator[Mistake]:
    source = file.decide.source
    given = [
        name for name, there in (("header", source.header), ("proxy", source.proxy), ("bound", source.bound)) if there
    ]
    if len(given) != 1:
        says = "expected just one of header, proxy and bound = true"
        yield Mistake(path="decide.source", says=f"{says}, got {' and '.join(given) or 'none'}")
    if source.header is not None and source.hop is None:
        says = "it is missing; say which address of the header the service goes by: 'only', 'first' or 'last'"
        yield Mistake(path="decide.source.hop", says=says)
    if source.hop in ("first", "last") and not source.beside:
        says = f"it is missing; hop = {source.hop!r} takes the other addresses of the header"
        yield Mistake(path="decide.source.beside", says=says)
    if (source.hop == "only" and source.beside) or (source.header is None and (source.hop or source.beside)):
        which = "beside" if source.beside else "hop"
        yield Mistake(path=f"decide.source.{which}", says="it belongs to a header whose hop is 'first' or 'last'")
    if source.header is not None and source.header.lower() in {name.lower() for name in file.decide.headers}:
        yield Mistake(path="decide.headers", says=f"{source.header!r} is the source's, which fills it in")
    if source.tlvs.given and source.proxy != "v2":
        yield Mistake(path="decide.source.tlvs", says="they belong to proxy = 'v2'")
    if source.bound and file.start is None:
        says = "a bound address takes a service that is started inside the namespace, and there is no start"
        yield Mistake(path="decide.source.bound", says=says)


def _arrive(file: RestFile) -> Iterator[Mistake]:
    rules = file.rules
    texts = msgspec.to_builtins([rules.put, rules.check, rules.apply])
    if rules.file is None and not uses(texts, "rules"):
        yield Mistake(path="rules", says="the rules go nowhere: name a file, or say ${rules} in rules.put.body or path")
    if rules.file is None and used(file, "rules_file"):
        yield Mistake(path="rules.file", says="it is missing, and ${rules_file} stands for it")
    if rules.file is not None and not (rules.restart or rules.apply or rules.put):
        says = "nothing tells the service of its file: say restart = true, apply, or put"
        yield Mistake(path="rules.file", says=says)
    if rules.restart and file.start is None:
        yield Mistake(path="rules.restart", says="there is no start")
    if rules.settle is not None:
        yield from _one_place(rules.settle.where, "rules.settle")
        if "mark" in names_in(rules.settle.equals) and not _sends_mark(file):
            yield Mistake(
                path="rules.settle.equals", says="nothing that is sent or written says ${mark}, so it never comes"
            )


def _sends_mark(file: RestFile) -> bool:
    """Whether a rule set carries the mark of its write to the service."""
    rules = msgspec.structs.replace(file.rules, settle=None)
    return uses(msgspec.to_builtins(rules), "mark") or re.search(r"\bmark\b", rules.template or "") is not None


def _answers(file: RestFile) -> Iterator[Mistake]:
    decide, rules, single = file.decide, file.rules, file.single
    yield from _ambiguous(decide.outcomes, "decide")
    asked = {"rules.put": rules.put, "rules.reset": rules.reset}
    if single is not None:
        asked |= {"single.add": single.add, "single.remove": single.remove, "single.update": single.update}
    for path, one in asked.items():
        if one is not None:
            yield from _ambiguous(_of(one), path)
    for name, where in (("seen", decide.seen), ("mark", decide.mark)):
        if where is not None:
            yield from _one_place(where, f"decide.{name}")
    if decide.mark is not None and not _sends_mark(file):
        yield Mistake(path="decide.mark", says="nothing that is sent or written says ${mark}, so it never comes back")


def _of(asked: Asked) -> Mapping[str, Answers]:
    return {"accepted": asked.accepted, **({"refused": asked.refused} if asked.refused is not None else {})}


def _one_place(where: Where, path: str) -> Iterator[Mistake]:
    given = [name for name in ("header", "json", "body") if getattr(where, name) is not None]
    if len(given) != 1:
        says = "expected just one of header, json and body"
        yield Mistake(path=path, says=f"{says}, got {' and '.join(given) or 'none'}")


def _ambiguous(mappings: Mapping[str, Answers], where: str) -> Iterator[Mistake]:
    for meaning, answers in mappings.items():
        path = f"{where}.{meaning}"
        if not answers.statuses and not answers.says_more:
            yield Mistake(
                path=path, says="it has no condition, so everything would fit it; name status, headers, body or json"
            )
        for status in answers.statuses:
            broken = "a broken service answers with too" if status >= _TOO_MUCH else ""
            if status == 404 and meaning in ("deny", "refused"):
                broken = "a path that does not exist answers with too"
            if broken and not answers.says_more:
                says = f"{status} is what {broken}; say what tells the two apart: headers, body or json"
                yield Mistake(path=f"{path}.status", says=says)
    names = list(mappings)
    for place, one in enumerate(names):
        for other in names[place + 1 :]:
            shared = set(mappings[one].statuses) & set(mappings[other].statuses)
            if shared and not (mappings[one].says_more and mappings[other].says_more):
                statuses = ", ".join(map(str, sorted(shared)))
                says = f"{statuses} means {one} too; both need a condition on headers or body that tells them apart"
                yield Mistake(path=f"{where}.{other}.status", says=says)


def _features(file: RestFile) -> Iterator[Mistake]:
    features = file.subject.features
    for feature, section, name in (
        ("read-back", file.read_back, "read-back"),
        ("incremental-rules", file.single, "single"),
    ):
        if feature in features and section is None:
            yield Mistake(path=name, says=f"it is missing, and subject.features says {feature!r}")
        if feature not in features and section is not None:
            yield Mistake(path="subject.features", says=f"{feature!r} is missing, and there is a section {name}")
    if "incremental-rules" in features and "ip-rules-only" not in features:
        says = "'incremental-rules' takes 'ip-rules-only': a file has no requests for single subnet rules"
        yield Mistake(path="subject.features", says=says)
    if file.single is not None:
        for name in ("add", "remove"):
            asked: Asked = getattr(file.single, name)
            if not uses(msgspec.to_builtins(asked), "value"):
                yield Mistake(path=f"single.{name}", says="nothing in it is ${value}, the rule that is meant")


def _texts(document: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(document, str):
        yield path, document
    elif isinstance(document, dict):
        for name, value in cast("Mapping[str, object]", document).items():
            bare = name if re.fullmatch(r"[\w-]+", name) else f'"{name}"'
            yield from _texts(value, f"{path}.{bare}" if path else bare)
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from _texts(value, f"{path}[{number}]")
