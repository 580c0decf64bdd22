"""The drawings of the HTML page: the line of addresses, the boxes of subnets, and rules and caller side by side."""

from ipaddress import IPv4Address, IPv4Network
from xml.etree.ElementTree import Element

import pytest
from fencepost.reports.html.address_line import Probe, address_line, number_of, ranges_of
from fencepost.reports.html.boxes import alike, subnet_boxes
from fencepost.reports.html.comparison import comparison
from fencepost.reports.html.picture import picture
from fencepost.reports.model import Report
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace


def _drawn(element: Element, kind: str) -> list[Element]:
    return [one for one in element.iter() if kind in (one.get("class") or "").split()]


networks = st.builds(
    lambda address, prefix: str(IPv4Network((address, prefix), strict=False)),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


@settings(deadline=None)
@given(values=st.lists(networks, max_size=6, unique=True), address=st.integers(0, 2**32 - 1))
def test_the_probe_stands_in_a_bar_exactly_when_the_rule_holds_it(values: list[str], address: int) -> None:
    ranges, strange = ranges_of({"ipRules": [{"value": value} for value in values]})
    assert strange == ()
    picture = address_line(ranges, Probe(address=address, expected="deny", got="allow"), title="t")
    bars = _drawn(picture, "rule")
    assert len(bars) == len({(one.first, one.last) for one in ranges}) == len(values)
    (dot,) = _drawn(picture, "probe-dot")
    x = float(dot.get("cx", ""))
    inside = [bar for bar in bars if 0 <= x - float(bar.get("x", "")) <= float(bar.get("width", ""))]
    assert len(inside) == sum(IPv4Address(address) in IPv4Network(value) for value in values)
    assert 0 <= x <= 360


@settings(deadline=None)
@given(values=st.lists(networks, min_size=1, max_size=4))
def test_every_bar_lies_within_the_picture_and_begins_before_it_ends(values: list[str]) -> None:
    ranges, _ = ranges_of({"ipRules": [{"value": value} for value in values]})
    for bar in _drawn(address_line(ranges, None, title="t"), "rule"):
        assert 0 <= float(bar.get("x", "")) < float(bar.get("x", "")) + float(bar.get("width", "")) <= 401


def test_of_many_subnets_the_one_that_begins_like_the_callers_is_the_most_alike() -> None:
    base = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/"
    own = f"{base}front-384"
    listed = [f"{base}{name}" for name in ("back", "front-1", "front-38", "front-3", "front-384x")]
    assert max(listed, key=lambda one: alike(one, own)) == f"{base}front-384x"
    assert alike(f"{base}front-38", own) > alike(f"{base}front-3", own) > alike(f"{base}front-1", own)
    assert alike(own.upper(), own) == len(own.split("/"))


def test_of_very_many_rules_the_nearest_are_drawn() -> None:
    ranges, _ = ranges_of({"ipRules": [{"value": f"20.0.{n // 256}.{n % 256}"} for n in range(1000)]})
    probe = Probe(address=int(IPv4Address("20.0.1.0")), expected="allow", got="deny")
    picture = address_line(ranges, probe, title="t")
    labels = [one.text for one in _drawn(picture, "rule-label")]
    assert "20.0.1.0" in labels
    assert len(labels) == 6
    assert "and 994 more rules" in [one.text for one in picture.iter("text")]


@pytest.mark.parametrize("value", ["::1", "1.1.1.1/40", "nonsense", "", None, 7, ["x"], "1.1.1.\u0661", "1.1.1.1/"])
def test_what_is_no_range_is_not_drawn_but_named(value: object) -> None:
    assert ranges_of({"ipRules": [{"value": value}]}) == ((), (value,))
    assert number_of(value) is None


@pytest.mark.parametrize("rules", [{}, {"ipRules": None}, {"ipRules": "x"}, {"ipRules": [], "virtualNetworkRules": 7}])
def test_strange_rules_are_compared_all_the_same(rules: dict[str, object]) -> None:
    table = comparison(rules, {"source": "x", "caller": [], "plane": 7})
    assert len(list(table.iter("tr"))) >= 4


SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/front"


def test_the_part_in_which_two_subnets_differ_is_marked() -> None:
    rules: dict[str, object] = {"virtualNetworkRules": [{"id": SUBNET}]}
    table = comparison(rules, {"source": {"address": "10.0.0.4", "subnet": SUBNET + "-2"}})
    assert [mark.text for mark in table.iter("mark")] == ["front", "front-2"]


def test_the_subnet_that_the_caller_comes_from_is_drawn_beside_those_that_are_listed() -> None:
    listed = [SUBNET.replace("front", f"other-{number}") for number in range(5)] + [SUBNET.upper()]
    picture = subnet_boxes(listed, SUBNET, expected="allow", got="deny", title="t")
    texts = [one.text for one in picture.iter("text")]
    assert texts[0] == "listed, the caller's: FRONT"
    assert "and 3 more listed" in texts
    assert "asked from: front" in texts
    assert texts[-2:] == ["expected ✓ allow", "got ✕ deny"]


@pytest.mark.parametrize(
    ("rules", "request_", "message"),
    [
        ({"bypass": "None", "defaultAction": "Deny"}, {"plane": "data"}, "passes: no caller"),
        ({"bypass": "AzureServices", "defaultAction": "Deny"}, {"plane": "data"}, "passes: trusted Microsoft services"),
        ({"bypass": "None", "defaultAction": "Allow"}, {"plane": "data"}, "passes: everyone"),
        ({"bypass": "None", "defaultAction": "Deny"}, {"plane": "control"}, "passes: every control-plane call"),
    ],
)
def test_where_no_range_decides_the_picture_says_what_does(
    report: Report, rules: dict[str, object], request_: dict[str, object], message: str
) -> None:
    caller = {"service": "Azure DevOps", "authenticated": False}
    asked = {"operation": "SecretGet", "source": {"address": "20.1.3.0"}, "caller": caller, **request_}
    drawn = picture(replace(report.clauses[1].counterexamples[0], rules=rules, request=asked))
    assert drawn is not None
    texts = [one.text for one in drawn.iter("text")]
    assert texts[0] == message
    assert texts[2] == "asked by: Azure DevOps"
    assert str(texts[3]).endswith("SecretGet, no valid token")


def test_what_was_written_is_drawn_where_the_case_is_a_write(report: Report) -> None:
    one = replace(
        report.clauses[1].counterexamples[0], rules=None, request={"value": "172.30.0.0/24"}, expected="refused"
    )
    drawn = picture(one)
    assert drawn is not None
    assert [text.text for text in _drawn(drawn, "rule-label")] == ["172.30.0.0/24 = 172.30.0.0 – 172.30.0.255"]
    assert picture(replace(one, request={"id": 7})) is None


@pytest.mark.parametrize(
    ("value", "address", "class_"),
    [
        ("20.1.2.0/24", "20.1.2.255", "last"),
        ("0.0.0.0/0", "255.255.255.255", "last"),
        ("20.1.2.0/24", "20.1.2.0", "first"),
    ],
)
def test_the_first_and_the_last_address_of_a_rule_are_marked_at_the_ends_of_its_bar(
    value: str, address: str, class_: str
) -> None:
    ranges, _ = ranges_of({"ipRules": [{"value": value}]})
    drawn = address_line(ranges, Probe(address=int(IPv4Address(address)), expected="allow", got="deny"), title="t")
    (bar,), (dot,) = _drawn(drawn, "rule"), _drawn(drawn, "probe-dot")
    start, x = float(bar.get("x", "")), float(dot.get("cx", ""))
    end = start + float(bar.get("width", ""))
    assert abs((end if class_ == "last" else start) - x) <= 2


@pytest.mark.parametrize("value", ["255.255.255.128/255.255.255.128", "100.100.100.128/25"])
def test_no_label_of_a_rule_is_wider_than_the_picture(value: str) -> None:
    ranges, _ = ranges_of({"ipRules": [{"value": value}]})
    labels = _drawn(address_line(ranges, None, title="t"), "rule-label")
    assert max(len(label.text or "") for label in labels) * 6.7 <= 360
    assert value in " ".join(label.text or "" for label in labels)


def test_names_that_are_cut_show_where_they_differ() -> None:
    base = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/"
    name = "a-name-that-is-as-long-as-the-names-of-subnets-may-ever-get-in-"
    drawn = subnet_boxes([f"{base}{name}east"], f"{base}{name}west", expected="deny", got="allow", title="t")
    listed, own = (box.text or "" for box in _drawn(drawn, "rule-label"))
    assert listed.endswith("-in-ea…")
    assert own.endswith("-in-we…")
