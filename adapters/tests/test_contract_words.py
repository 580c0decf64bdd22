"""A subject's own words, cut when they arrive to the length that the contract keeps."""

from fencepost.adapters.contract import Client
from same_answer import SameAnswer

LONG = "9" * 1_000_000


def test_every_word_of_a_decision_is_cut() -> None:
    words = {"code": LONG, "rule": LONG, "reason": LONG}
    for given in (words, {"code": LONG}):
        (found,) = Client(SameAnswer({"decisions": [{"outcome": "deny", **given}]})).decide([{}])
        assert [len(str(getattr(found, name))) for name in given] == [2_000] * len(given)


def test_a_short_code_stays() -> None:
    (found,) = Client(SameAnswer({"decisions": [{"outcome": "deny", "code": "ForbiddenByFirewall"}]})).decide([{}])
    assert found.code == "ForbiddenByFirewall"


def test_the_words_of_a_refusal_are_cut() -> None:
    found = Client(SameAnswer({"accepted": False, "code": LONG, "message": LONG})).write("putRules", {})
    assert (len(str(found.code)), len(str(found.message))) == (2_000, 2_000)


def test_the_texts_of_rules_read_back_are_cut() -> None:
    acls = {"bypass": LONG, "defaultAction": LONG, "ipRules": [{"value": LONG}], "virtualNetworkRules": [{"id": LONG}]}
    read = Client(SameAnswer({"networkAcls": acls})).get_rules()
    assert read is not None
    assert read.ip_rules is not None
    assert read.virtual_network_rules is not None
    found = (read.bypass, read.default_action, read.ip_rules[0].value, read.virtual_network_rules[0].id)
    assert [len(str(one)) for one in found] == [2_001] * 4


def test_rules_read_back_stay_as_they_are_where_no_text_is_long() -> None:
    acls = {"bypass": "None", "ipRules": [{"value": "20.0.0.0/24"}]}
    read = Client(SameAnswer({"networkAcls": acls})).get_rules()
    assert read is not None
    assert read.ip_rules is not None
    assert (read.bypass, read.default_action, read.ip_rules[0].value) == ("None", None, "20.0.0.0/24")
    assert read.virtual_network_rules is None
