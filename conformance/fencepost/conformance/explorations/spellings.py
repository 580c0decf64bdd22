"""Forms that the subject's choices accept or refuse: each answer holds in every kind of write.

A subject that takes `deny` for `Deny`, null for an absent member or blanks around an address does so in a whole set and
in a single change, and means the same by it (VAL-5, VAL-6, STA-1 to STA-4). A subject that refuses them refuses both.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from random import Random

from fencepost.conformance.bench.bench import Bench
from fencepost.conformance.bench.exploration import Scenario
from fencepost.conformance.bench.setting import Setting
from fencepost.conformance.explorations.whole_sets import offered, send
from fencepost.conformance.generate import callers, requests
from fencepost.conformance.generate.changes import Change, update
from fencepost.conformance.lockstep.case import WriteStep
from fencepost.conformance.lockstep.wire import WireRules, wire_rules
from fencepost.reference import Block, Caller, Request, cidr_from_block, read_ip_rule
from fencepost.reference.open_points import OPEN_POINTS

_BLOCK = Block((20 << 24) + (11 << 16) + (2 << 8), (20 << 24) + (11 << 16) + (2 << 8) + 255)
_PLAIN = "21.7.0.0/16"

_TEXTS: Mapping[tuple[str, str], str] = {
    (point.key, answer): form for point in OPEN_POINTS for answer, form in point.forms
}
"""A range like 20.11.2.0/24 in the form that each answer to an open point accepts; its first octet is left out."""

_MOST_FORMS = 2
"""So many forms are written in every way: all would take the writes that the limits need."""

_PUBLIC, _PRIVATE = 20, 10
_OTHERS = (
    *("20.11.2.254/31", "20.11.2.254/031", "20.11.2.254/255.255.255.254", "20.11.2.254/255.255.255.255"),
    *("192.0.2.0/24", "224.0.0.9", "127.0.0.0/24", "0.0.0.0/0", "172.0.0.0/8"),
    *("20.11.2.77/24", "20.11.2.77/255.255.255.0", "11.2.3.4/7"),
)
"""Other rules whose acceptance is a choice, among them the last, whose host bits hide that it is around 10.0.0.0/8."""


def scenarios(setting: Setting) -> Iterator[Scenario]:
    """A scenario for each form of an IP rule that is accepted, for those that are refused, for words and for null."""
    profile = setting.profile
    accepted = [form for (point, answer), form in _TEXTS.items() if profile.choice(point) == answer]
    random = setting.random("spellings", "forms")
    for form in accepted if len(accepted) <= _MOST_FORMS else random.sample(accepted, _MOST_FORMS):
        yield Scenario(aims=("STA-2", "STA-1", "VAL-3"), run=partial(_written, setting=setting, form=form))
    if setting.capabilities.incremental:
        others = [form.format(_PUBLIC) for form in _TEXTS.values() if form not in accepted]
        others += [one for form in accepted for one in (form.format(_PRIVATE), form.format(_PRIVATE).partition("/")[0])]
        others += _OTHERS
        yield Scenario(aims=("VAL-5",), run=partial(_added, setting=setting, texts=others))
    if setting.capabilities.a_switch and profile.choice("enum-case") is not None:
        yield Scenario(aims=("VAL-6", "STA-4", "STA-3"), run=partial(_words, setting=setting))
    if setting.capabilities.a_switch:
        yield Scenario(aims=("STA-1", "STA-3"), run=partial(_absent, setting=setting))
    if setting.capabilities.a_switch and profile.choice("null-members") is not None:
        yield Scenario(aims=("VAL-6", "STA-4", "STA-1"), run=partial(_nulls, setting=setting))


def _added(bench: Bench, setting: Setting, texts: Sequence[str]) -> None:
    """Each text added to a vault, and removed if it was accepted, where it is known whether it should be."""
    bench.reset(bench.vault.network)
    bench.put(wire_rules([_PLAIN]))
    for text in texts:
        reading = read_ip_rule(text, setting.profile)
        if (reading.is_accepted or reading.is_refused) and bench.write("addIpRule", {"value": text}, aim="VAL-5"):
            bench.write("removeIpRule", {"value": text}, aim="STA-2")
    bench.read()
    _look(bench, setting, setting.random("spellings", "added"))


def _written(bench: Bench, setting: Setting, form: str) -> None:
    """Put after the same range in its plain text, left out, added, and removed by the text that it was added by.

    By turns it is beside another rule. A private range is refused in this form, too.
    """
    text = form.format(_PUBLIC)
    random = setting.random("spellings", text)
    bench.reset(bench.vault.network)
    plain = [cidr_from_block(one) for one in read_ip_rule(text, setting.profile).blocks]
    for one in (*plain, text):
        bench.put(wire_rules([_PLAIN, one]))
    if setting.capabilities.refusals:
        private = form.format(_PRIVATE)
        for one in dict.fromkeys((private, private.partition("/")[0])):
            bench.put(wire_rules([_PLAIN, one]), aim="VAL-3")
    _look(bench, setting, random)
    bench.put(wire_rules([_PLAIN]))
    _look(bench, setting, random)
    for method in ("addIpRule", "removeIpRule") * 2:
        if setting.capabilities.incremental:
            bench.write(method, {"value": text}, aim="STA-2")
            _look(bench, setting, random)


def _words(bench: Bench, setting: Setting) -> None:
    """Each word in other letters, in whole sets where it is accepted, and in updates."""
    random = setting.random("spellings", "words")
    bench.reset(bench.vault.network)
    sets = (("deny", "none"), ("DENY", "azureservices"), ("allow", "NONE"), ("dEny", "AZUREservices"))
    for action, bypass in sets if setting.profile.choice("enum-case") == "insensitive" else ():
        acls = wire_rules([_PLAIN], default_action=action, bypass=bypass)
        _made(bench, setting, random, Change(step=_put(acls)))
    for member, word in (
        ("bypass", "NONE"),
        ("defaultAction", "allow"),
        ("defaultAction", "deny"),
        ("bypass", "AZURESERVICES"),
    ):
        _made(bench, setting, random, update(**{member: word}))


def _absent(bench: Bench, setting: Setting) -> None:
    """A whole set without a switch whose default is known, after a set with the other word."""
    random = setting.random("spellings", "absent")
    bench.reset(bench.vault.network)
    for member, before in _before_defaults(setting):
        _made(bench, setting, random, Change(step=_put(before)))
        absent = {name: value for name, value in before.items() if name != member}
        _made(bench, setting, random, Change(step=_put(absent)))


def _before_defaults(setting: Setting) -> Iterator[tuple[str, WireRules]]:
    """Each switch whose default is known, and a whole set in which it has the other word."""
    switches = [("bypass", "default-of-bypass", ("None", "AzureServices"))]
    if setting.capabilities.default_action:
        switches.append(("defaultAction", "default-of-default-action", ("Allow", "Deny")))
    for member, point, words in switches:
        default = setting.profile.choice(point)
        if default is not None:
            (other,) = set(words) - {default}
            yield member, {**wire_rules([_PLAIN]), member: other}


def _nulls(bench: Bench, setting: Setting) -> None:
    """Null for each member of a whole set, after a set with another value, and for a switch of an update."""
    random, capabilities = setting.random("spellings", "null"), setting.capabilities
    bench.reset(bench.vault.network)
    full = wire_rules([_PLAIN], default_action="Deny", bypass="AzureServices")
    is_lenient = setting.profile.choice("null-members") == "as-absent"
    befores = [full, *([full] if capabilities.subnets else []), *(before for _, before in _before_defaults(setting))]
    members = ["ipRules", *(["virtualNetworkRules"] if capabilities.subnets else [])]
    members += [member for member, _ in _before_defaults(setting)]
    for member, before in zip(members, befores, strict=True) if is_lenient else ():
        _made(bench, setting, random, Change(step=_put(before)))
        _made(bench, setting, random, Change(step=_put({**before, member: None})))
    for bypass in ("None", "AzureServices") if is_lenient else ("None",):
        for switches in ({"bypass": bypass, "defaultAction": None}, {"bypass": None, "defaultAction": "Deny"}):
            if capabilities.default_action and capabilities.incremental:
                step = WriteStep(method="updateRules", params=switches)
                _made(bench, setting, random, Change(step=step))


def _put(acls: WireRules) -> WriteStep:
    return WriteStep(method="putRules", params={"networkAcls": acls})


def _made(bench: Bench, setting: Setting, random: Random, change: Change) -> None:
    """Make a change as the subject offers it, and ask after it."""
    made = offered(change, bench.vault, setting.capabilities)
    if made is not None:
        send(bench, made)
        _look(bench, setting, random)


def _look(bench: Bench, setting: Setting, random: Random) -> None:
    """Ask around the range, in the plain range, elsewhere, and for services; read the rules back."""
    far = requests.Place(address=requests.outside(random, bench.vault.rules))
    addresses = (_BLOCK.first - 1, _BLOCK.first, _BLOCK.last, _BLOCK.last + 1, (21 << 24) + (7 << 16) + 9)
    profile, capabilities = setting.profile, setting.capabilities
    kinds = [Caller(), *callers.some(random, callers.trusted_callers(profile, capabilities), 1)]
    kinds += callers.some(random, callers.untrusted_callers(profile, capabilities), 1)
    bench.ask([*(Request(address=one) for one in addresses), *map(far.request, kinds)], aim="STA-2")
    bench.read()
