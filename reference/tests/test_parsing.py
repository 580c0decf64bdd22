"""What the value of an IP rule is read as: a table of spellings, and the open points."""

from dataclasses import dataclass

import pytest
from fencepost.reference import (
    Profile,
    Reading,
    address_from_text,
    block_from_cidr,
    load_profile,
    read_ip_rule,
    text_from_address,
)
from fencepost.reference.open_points import OPEN_POINTS, OpenPoint
from fencepost.reference.parse import MISTAKES

TODAY, PREVIEW = load_profile("keyvault"), load_profile("keyvault-2018-preview")


@dataclass(frozen=True)
class Spelling:
    """One value, and how each profile reads it.

    A CIDR text: accepted as that block. `no:` and the mistakes: refused whatever anybody chooses. `open:` and the
    points: it hangs on them.
    """

    name: str
    value: object
    today: str
    preview: str = ""

    def expected(self, profile: Profile) -> str:
        """The reading that the profile must give."""
        return self.preview if self.preview and profile is PREVIEW else self.today


def shown(reading: Reading) -> str:
    """A reading as the table writes it."""
    if reading.is_refused:
        return f"no:{','.join(reading.mistakes)}"
    if not reading.is_accepted:
        return f"open:{','.join(sorted(reading.open_points))}"
    (block,) = reading.blocks
    size = block.last - block.first + 1
    return f"{text_from_address(block.first)}/{33 - size.bit_length()}"


TABLE = [
    # accepted (VAL-1)
    Spelling("an address", "20.1.2.3", "20.1.2.3/32"),
    Spelling("the announcement's range", "191.10.18.0/24", "191.10.18.0/24"),
    Spelling("the specification's address", "124.56.78.91", "124.56.78.91/32"),
    Spelling("an address that ends in 0", "20.1.2.0", "20.1.2.0/32"),
    Spelling("an address that ends in 255", "20.1.2.255", "20.1.2.255/32"),
    Spelling("the first public address", "1.0.0.0", "1.0.0.0/32"),
    Spelling("the last public address", "223.255.255.255", "223.255.255.255/32"),
    Spelling("prefix 30", "20.1.2.4/30", "20.1.2.4/30"),
    Spelling("prefix 29", "20.1.2.8/29", "20.1.2.8/29"),
    Spelling("prefix 16", "20.1.0.0/16", "20.1.0.0/16"),
    Spelling("prefix 9", "20.128.0.0/9", "20.128.0.0/9"),
    Spelling("prefix 8", "20.0.0.0/8", "20.0.0.0/8"),
    Spelling("prefix 7", "20.0.0.0/7", "20.0.0.0/7"),
    Spelling("the widest range that touches nothing", "32.0.0.0/3", "32.0.0.0/3"),
    # small prefixes (VAL-2)
    Spelling("prefix 31", "20.1.2.2/31", "open:prefix-31", "no:prefix-31"),
    Spelling("prefix 32", "20.1.2.3/32", "20.1.2.3/32", "no:prefix-32"),
    Spelling("prefix 31 with a host bit", "20.1.2.3/31", "open:host-bits,prefix-31", "no:prefix-31"),
    # private (VAL-3)
    Spelling("the whole of 10/8", "10.0.0.0/8", "no:private"),
    Spelling("the first address of 10/8", "10.0.0.0", "no:private"),
    Spelling("the last address of 10/8", "10.255.255.255", "no:private"),
    Spelling("before 10/8", "9.255.255.255", "9.255.255.255/32"),
    Spelling("after 10/8", "11.0.0.0", "11.0.0.0/32"),
    Spelling("the whole of 172.16/12", "172.16.0.0/12", "no:private"),
    Spelling("the first address of 172.16/12", "172.16.0.0", "no:private"),
    Spelling("inside 172.16/12 beyond 172.16", "172.20.10.5", "no:private"),
    Spelling("the last address of 172.16/12", "172.31.255.255", "no:private"),
    Spelling("before 172.16/12", "172.15.255.255", "172.15.255.255/32"),
    Spelling("after 172.16/12", "172.32.0.0", "172.32.0.0/32"),
    Spelling("the range before 172.16/12", "172.0.0.0/12", "172.0.0.0/12"),
    Spelling("the range after 172.16/12", "172.32.0.0/11", "172.32.0.0/11"),
    Spelling("the whole of 192.168/16", "192.168.0.0/16", "no:private"),
    Spelling("a range inside 192.168/16", "192.168.1.0/24", "no:private"),
    Spelling("the last address of 192.168/16", "192.168.255.255", "no:private"),
    Spelling("before 192.168/16", "192.167.255.255", "192.167.255.255/32"),
    Spelling("after 192.168/16", "192.169.0.0", "192.169.0.0/32"),
    Spelling("a private address as /32", "10.1.2.3/32", "no:private", "no:prefix-32"),
    Spelling("a private range with host bits", "10.1.2.3/8", "no:host-bits,private"),
    # supersets
    Spelling("a superset of 172.16/12", "172.0.0.0/8", "open:private-superset"),
    Spelling("a superset of 10/8", "8.0.0.0/5", "open:private-superset"),
    Spelling("a superset of 192.168/16", "192.168.0.0/15", "open:private-superset"),
    Spelling("everything", "0.0.0.0/0", "open:prefix-0,private-superset,touches-reserved"),
    Spelling("prefix 0 with host bits", "20.0.0.0/0", "open:host-bits,prefix-0,private-superset,touches-reserved"),
    # reserved
    Spelling("loopback", "127.0.0.1", "open:reserved-ranges"),
    Spelling("link-local", "169.254.169.254", "open:reserved-ranges"),
    Spelling("multicast", "224.0.0.0/4", "open:reserved-ranges"),
    Spelling("the last multicast address", "239.255.255.255", "open:reserved-ranges"),
    Spelling("carrier NAT", "100.64.0.0/10", "open:reserved-ranges"),
    Spelling("before carrier NAT", "100.63.255.255", "100.63.255.255/32"),
    Spelling("after carrier NAT", "100.128.0.0", "100.128.0.0/32"),
    Spelling("this network", "0.0.0.0", "open:reserved-ranges"),
    Spelling("class E", "240.0.0.0/4", "open:reserved-ranges"),
    Spelling("broadcast", "255.255.255.255", "open:reserved-ranges"),
    Spelling("documentation 1", "192.0.2.0/24", "open:reserved-ranges"),
    Spelling("documentation 2", "198.51.100.1", "open:reserved-ranges"),
    Spelling("documentation 3", "203.0.113.0/25", "open:reserved-ranges"),
    Spelling("a range that touches a reserved block", "203.0.112.0/23", "open:reserved-ranges,touches-reserved"),
    Spelling("the platform's address", "168.63.129.16", "open:touches-reserved"),
    Spelling("benchmarking", "198.18.0.0/15", "open:touches-reserved"),
    Spelling("protocol assignments", "192.0.0.1", "open:touches-reserved"),
    # IPv6 (VAL-4)
    Spelling("an IPv6 address", "2001:db8::1", "no:ipv6"),
    Spelling("an IPv6 range", "2001:db8::/32", "no:ipv6"),
    Spelling("IPv6 loopback", "::1", "no:ipv6"),
    Spelling("all of IPv6", "::/0", "no:ipv6"),
    Spelling("an IPv4-mapped address", "::ffff:20.1.2.3", "no:ipv6"),
    Spelling("an IPv4-mapped range", "::ffff:20.1.2.0/120", "no:ipv6"),
    Spelling("an IPv6 address in brackets", "[2001:db8::1]", "no:ipv6"),
    Spelling("an IPv6 address with a zone", "fe80::1%eth0", "no:ipv6"),
    # neither (VAL-5)
    Spelling("nothing", "", "no:empty"),
    Spelling("only a blank", " ", "no:empty"),
    Spelling("only a line end", "\n", "no:empty"),
    Spelling("a word", "anywhere", "no:not-a-number"),
    Spelling("a word of Azure's", "AzureCloud", "no:not-a-number"),
    Spelling("a host name", "vault.example.net.org", "no:not-a-number"),
    Spelling("a star", "*", "no:not-a-number"),
    Spelling("a star for an octet", "20.1.2.*", "no:not-a-number"),
    Spelling("one octet", "20", "no:too-few-octets"),
    Spelling("two octets", "20.1", "no:too-few-octets"),
    Spelling("three octets", "20.1.2", "no:too-few-octets"),
    Spelling("three octets and a prefix", "20.1.2/24", "no:too-few-octets"),
    Spelling("a plain integer", "335610371", "no:too-few-octets"),
    Spelling("five octets", "20.1.2.3.4", "no:too-many-octets"),
    Spelling("a dot behind", "20.1.2.3.", "no:too-many-octets"),
    Spelling("a dot in front", ".20.1.2.3", "no:too-many-octets"),
    Spelling("an empty octet", "20..2.3", "no:empty-octet"),
    Spelling("dots only", "...", "no:empty-octet"),
    Spelling("a slash only", "/", "no:too-few-octets"),
    Spelling("a prefix only", "/24", "no:too-few-octets"),
    Spelling("256", "256.1.2.3", "no:octet-over-255"),
    Spelling("256 at the end", "20.1.2.256", "no:octet-over-255"),
    Spelling("999", "20.999.2.3", "no:octet-over-255"),
    Spelling("2**32 in an octet", "4294967296.1.2.3", "no:octet-over-255"),
    Spelling("a negative octet", "20.1.2.-3", "no:not-a-number"),
    Spelling("a signed octet", "+20.1.2.3", "no:not-a-number"),
    Spelling("hex octets", "0x14.0x1.0x2.0x3", "no:not-a-number"),
    Spelling("one hex number", "0x14010203", "no:not-a-number"),
    Spelling("an exponent", "2e1.1.2.3", "no:not-a-number"),
    Spelling("an underscore", "2_0.1.2.3", "no:not-a-number"),
    Spelling("prefix 33", "20.1.2.0/33", "no:prefix-over-32"),
    Spelling("prefix 128", "20.1.2.0/128", "no:prefix-over-32"),
    Spelling("a huge prefix", "20.1.2.0/" + "9" * 5000, "no:prefix-over-32"),
    Spelling("prefix -1", "20.1.2.0/-1", "no:negative-prefix"),
    Spelling("prefix -0", "20.1.2.0/-0", "no:negative-prefix"),
    Spelling("an empty prefix", "20.1.2.0/", "no:empty-prefix"),
    Spelling("a word for a prefix", "20.1.2.0/all", "no:not-a-number"),
    Spelling("a hex prefix", "20.1.2.0/0x18", "no:not-a-number"),
    Spelling("two slashes", "20.1.2.0/24/24", "no:two-slashes"),
    Spelling("a double slash", "20.1.2.0//24", "no:two-slashes"),
    Spelling("a backslash", "20.1.2.0\\24", "no:not-a-number"),
    Spelling("a range of two addresses", "20.1.2.0-20.1.2.9", "no:not-a-number"),
    Spelling("a range of last octets", "20.1.2.0-9", "no:not-a-number"),
    Spelling("two values", "20.1.2.3,20.1.2.4", "no:not-a-number"),
    Spelling("two values and a blank", "20.1.2.3 20.1.2.4", "no:not-a-number"),
    Spelling("a port", "20.1.2.3:443", "no:not-a-number"),
    Spelling("a URL", "https://20.1.2.3", "no:two-slashes"),
    Spelling("quotes in the value", "'20.1.2.3'", "no:not-a-number"),
    Spelling("NUL behind", "20.1.2.3\0", "no:not-a-number"),
    Spelling("NUL in the middle", "20.1.\0002.3", "no:not-a-number"),
    Spelling("a blank inside", "20.1. 2.3", "no:not-a-number"),
    Spelling("a blank before the slash", "20.1.2.0 /24", "no:not-a-number"),
    Spelling("a blank before the prefix", "20.1.2.0/ 24", "no:not-a-number"),
    Spelling("a comma for a dot", "20,1,2,3", "no:not-a-number"),
    Spelling("Arabic-Indic digits", "٢٠.١.٢.٣", "no:other-digits"),
    Spelling("fullwidth digits", "２０.１.２.３", "no:other-digits"),
    Spelling("one Devanagari digit", "20.1.2.३", "no:other-digits"),
    Spelling("fullwidth digits in the prefix", "20.1.2.0/２４", "no:other-digits"),
    Spelling("a superscript digit", "20.1.2.²", "no:not-a-number"),
    Spelling("a fullwidth dot", "20．1.2.3", "no:not-a-number"),
    Spelling("very long text", "20.1.2." + "3" * 100_000, "no:octet-over-255"),
    Spelling("very many octets", "1." * 50_000 + "1", "no:too-many-octets"),
    Spelling("very many words", "a" * 100_000, "no:not-a-number"),
    Spelling("null", None, "no:not-text"),
    Spelling("a number", 335610371, "no:not-text"),
    Spelling("a broken number", 20.1, "no:not-text"),
    Spelling("true", True, "no:not-text"),
    Spelling("a list", ["20.1.2.3"], "no:not-text"),
    Spelling("an object", {"value": "20.1.2.3"}, "no:not-text"),
    # spellings of open points
    Spelling("host bits", "20.1.2.3/24", "open:host-bits"),
    Spelling("one host bit", "20.1.3.0/23", "open:host-bits"),
    Spelling("a blank behind", "20.1.2.3 ", "open:surrounding-blanks"),
    Spelling("blanks around a range", "  20.1.2.0/24  ", "open:surrounding-blanks"),
    Spelling("a blank around nonsense", " nonsense", "no:surrounding-blanks,not-a-number"),
    Spelling("a line end behind", "20.1.2.3\n", "open:surrounding-blanks,touches-reserved"),
    Spelling("a no-break space in front", "\u00a020.1.2.3", "open:surrounding-blanks,touches-reserved"),
    Spelling("a leading zero", "20.01.2.3", "open:leading-zeros"),
    Spelling("leading zeros that octal reads otherwise", "020.1.2.3", "open:leading-zeros"),
    Spelling("leading zeros that octal cannot read", "20.1.2.08", "open:leading-zeros"),
    Spelling("leading zeros over 255 either way", "0400.1.2.3", "no:leading-zeros,octet-over-255"),
    Spelling("leading zeros that are private in decimal", "010.1.2.3", "open:leading-zeros"),
    Spelling("a double zero", "20.00.2.3", "open:leading-zeros"),
    Spelling("a zero-padded prefix", "20.1.2.0/024", "open:prefix-spelling"),
    Spelling("a signed prefix", "20.1.2.0/+24", "open:prefix-spelling"),
    Spelling("a prefix with two signs", "20.1.2.0/++24", "no:not-a-number"),
    Spelling("a sign for a prefix", "20.1.2.0/+", "no:not-a-number"),
    Spelling("prefix 33 with a zero", "20.1.2.0/033", "no:prefix-over-32"),
    Spelling("prefix 32 with a zero", "20.1.2.3/032", "open:prefix-spelling", "no:prefix-spelling,prefix-32"),
    Spelling("a netmask", "20.1.2.0/255.255.255.0", "open:netmask-form"),
    Spelling("a netmask and host bits", "20.1.2.3/255.255.255.0", "open:host-bits,netmask-form"),
    Spelling("a host mask", "20.1.2.0/0.0.0.255", "open:hostmask-form"),
    Spelling("a netmask with zeros", "20.1.2.0/255.255.255.000", "open:leading-zeros,netmask-form"),
    Spelling("a mask with a hole", "20.1.2.0/255.0.255.0", "no:not-a-mask"),
    Spelling("a mask of three octets", "20.1.2.0/255.255.255", "no:not-a-mask"),
    Spelling("a mask of words", "20.1.2.0/a.b.c.d", "no:not-a-mask"),
    Spelling("a mask over 255", "20.1.2.0/255.255.256.0", "no:octet-over-255"),
    Spelling(
        "the netmask of one address",
        "20.1.2.3/255.255.255.255",
        "open:host-bits,hostmask-form,netmask-form,prefix-0,private-superset,touches-reserved",
    ),
]  # fmt: skip


@pytest.mark.parametrize("profile", [TODAY, PREVIEW], ids=lambda profile: profile.name)
@pytest.mark.parametrize("spelling", TABLE, ids=lambda spelling: spelling.name)
def test_a_spelling_is_read_as_the_table_says(spelling: Spelling, profile: Profile) -> None:
    assert shown(read_ip_rule(spelling.value, profile)) == spelling.expected(profile)


def test_the_table_has_each_name_once_and_enough_of_them() -> None:
    names = [spelling.name for spelling in TABLE]
    assert len(names) == len(set(names)) >= 100


def test_every_way_to_be_wrong_occurs_and_no_other() -> None:
    occurring = {
        mistake
        for spelling in TABLE
        for profile in (TODAY, PREVIEW)
        for mistake in read_ip_rule(spelling.value, profile).mistakes
    }
    assert occurring == set(MISTAKES)


# ---- the open points ------------------------------------------------------------------------------------------------

SPELLED = {point.key: point for point in OPEN_POINTS if point.spellings}
FLIPS = [
    ("reserved-ranges", "127.0.0.1", {"reject": "no:reserved", "accept": "127.0.0.1/32"}),
    ("reserved-ranges", "224.0.0.0/4", {"reject": "no:reserved", "accept": "224.0.0.0/4"}),
    ("leading-zeros", "020.1.2.3", {"reject": "no:leading-zeros", "decimal": "20.1.2.3/32", "octal": "16.1.2.3/32"}),
    (
        "leading-zeros",
        "20.1.2.09",
        {"reject": "no:leading-zeros", "decimal": "20.1.2.9/32", "octal": "no:leading-zeros"},
    ),
    ("leading-zeros", "012.1.2.3", {"decimal": "12.1.2.3/32", "octal": "no:private"}),
]


@pytest.mark.parametrize(("point", "value", "answers"), FLIPS, ids=[f"{flip[0]} {flip[1]}" for flip in FLIPS])
def test_a_point_of_the_ledger_turns_as_it_is_chosen(point: str, value: str, answers: dict[str, str]) -> None:
    assert point in read_ip_rule(value, TODAY).open_points
    for answer, expected in answers.items():
        assert shown(read_ip_rule(value, TODAY.with_choices({point: answer}))) == expected


@pytest.mark.parametrize("key", SPELLED)
def test_each_spelling_of_a_point_is_refused_by_its_first_answer_and_read_as_shown_by_its_second(key: str) -> None:
    strict, lenient, *_ = SPELLED[key].answers
    for spelling in SPELLED[key].spellings:
        assert key in read_ip_rule(spelling.value, TODAY).open_points
        assert shown(read_ip_rule(spelling.value, TODAY.with_choices({key: strict}))) == f"no:{key}"
        read = read_ip_rule(spelling.value, TODAY.with_choices({key: lenient}))
        assert read.is_accepted
        (block,) = read.blocks
        assert all(address_from_text(address) in block for address in spelling.admits)
        assert not any(address_from_text(address) in block for address in spelling.beside)


FORMS = [(point, answer, form) for point in OPEN_POINTS for answer, form in point.forms]


@pytest.mark.parametrize(("point", "answer", "form"), FORMS, ids=[f"{form[0].key} {form[1]}" for form in FORMS])
def test_the_form_of_an_answer_is_the_same_range_in_it_and_refused_by_the_first(
    point: OpenPoint, answer: str, form: str
) -> None:
    assert shown(read_ip_rule(form.format(20), TODAY.with_choices({point.key: answer}))) == "20.11.2.0/24"
    assert shown(read_ip_rule(form.format(20), TODAY.with_choices({point.key: point.answers[0]}))) == f"no:{point.key}"


def test_every_point_that_bears_on_a_value_has_its_spellings() -> None:
    points = {point for spelling in TABLE for point in read_ip_rule(spelling.value, TODAY).open_points}
    assert points - {"touches-reserved", "reserved-ranges"} == SPELLED.keys()


def test_a_choice_does_not_reopen_what_the_profile_has_settled() -> None:
    assert shown(read_ip_rule("20.1.2.2/31", PREVIEW.with_choices({"prefix-31": "accept"}))) == "no:prefix-31"


def test_everything_is_accepted_where_prefix_0_and_supersets_are() -> None:
    def reading(prefix_0: str, superset: str) -> str:
        return shown(
            read_ip_rule("0.0.0.0/0", TODAY.with_choices({"prefix-0": prefix_0, "private-superset": superset}))
        )

    assert reading("accept", "accept") == "0.0.0.0/0"
    assert reading("reject", "accept") == reading("reject", "reject") == "no:prefix-0"
    assert reading("accept", "reject") == "open:touches-reserved"  # two answers that contradict each other


def test_everything_needs_prefix_0_alone_as_long_as_supersets_are_not_refused() -> None:
    assert shown(read_ip_rule("0.0.0.0/0", TODAY.with_choices({"prefix-0": "accept"}))) == "0.0.0.0/0"


@pytest.mark.parametrize("value", ["0.0.0.0/1", "128.0.0.0/1", "172.0.0.0/8", "192.0.0.0/2"])
def test_a_range_around_private_space_needs_its_own_choice_alone(value: str) -> None:
    accepting = TODAY.with_choices({"private-superset": "accept"})
    assert shown(read_ip_rule(value, accepting)) == value
    assert shown(read_ip_rule(value, accepting.with_choices({"reserved-ranges": "accept"}))) == value
    beside = accepting.with_choices({"reserved-ranges": "reject"})
    assert value == "172.0.0.0/8" or shown(read_ip_rule(value, beside)) == "open:touches-reserved"


def test_reserved_blocks_can_be_answered_one_by_one() -> None:
    profile = TODAY.with_choices({"reserved-ranges": {"127.0.0.0/8": "reject", "224.0.0.0/4": "accept"}})
    assert shown(read_ip_rule("127.0.0.1", profile)) == "no:reserved"
    assert shown(read_ip_rule("224.0.0.1", profile)) == "224.0.0.1/32"
    assert shown(read_ip_rule("240.0.0.1", profile)) == "open:reserved-ranges"


def test_a_range_that_only_touches_reserved_space_is_accepted_only_where_that_space_is() -> None:
    assert shown(read_ip_rule("203.0.112.0/23", TODAY.with_choices({"reserved-ranges": "accept"}))) == "203.0.112.0/23"
    rejecting = TODAY.with_choices({"reserved-ranges": "reject"})
    assert shown(read_ip_rule("203.0.112.0/23", rejecting)) == "open:touches-reserved"


def test_a_mask_of_zeros_is_both_forms_and_stays_open_where_both_are_accepted() -> None:
    lenient = {"prefix-0": "accept", "private-superset": "accept", "host-bits": "mask"}
    both = TODAY.with_choices({**lenient, "netmask-form": "accept", "hostmask-form": "accept"})
    one = TODAY.with_choices({**lenient, "netmask-form": "reject", "hostmask-form": "accept"})
    assert read_ip_rule("20.1.2.3/0.0.0.0", both).blocks == {
        block_from_cidr("20.1.2.3/32"),
        block_from_cidr("0.0.0.0/0"),
    }
    assert shown(read_ip_rule("20.1.2.3/0.0.0.0", one)) == "20.1.2.3/32"
