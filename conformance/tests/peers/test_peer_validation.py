"""Which writes are refused, written by hand from the contract and held against every peer."""

from peer_harness import BACK, FRONT, TODAY, Vault, data

NO_IP_RULE: tuple[object, ...] = (
    *("", " ", "word", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "1.2.3.0/24/24"),
    *("1.2.3.4-1.2.3.9", "0x01.2.3.4", "16909060", "1.2.3.4:80", "1.2.3.٤", "١.2.3.4", "1.2.3.0/２4", "1.2.3.4\0"),
    *("1.2.3.", ".1.2.3", "1..2.3", "1.2.3.4/24x", "/24", "1.2.3.0/ 24", "-1.2.3.4", "1.2.3.4e0", "1,2,3,4", "*"),
    *("1.2.3.4\n1.2.3.5", "1" * 100_000, "1.2.3.4/" + "9" * 5_000, "999.1.1.1", "1.2.3.99999999999999999999"),
    *("::1", "2001:db8::/32", "::ffff:1.2.3.4", "fe80::1%eth0", "::/0", None, True, 16909060, 1.5, [], {}, ["1.2.3.4"]),
    *("10.0.0.0/8", "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "172.20.0.0/14", "172.16.0.0/12"),
    *("192.168.0.0", "192.168.255.255", "192.168.4.0/22"),
)


def test_what_is_no_public_ipv4_rule_is_refused_and_changes_nothing(vault: Vault) -> None:
    assert vault.put(["20.0.0.1"], [FRONT])
    before = vault.reads()
    for value in NO_IP_RULE:
        for ips in ([value, "21.0.0.1"], ["21.0.0.1", value]):
            assert not vault.put(ips, action="Allow"), value
        assert not vault.write("addIpRule", value=value), value
        assert vault.outcomes(data("20.0.0.1"), data("21.0.0.1"), data("10.0.0.4", via=FRONT)) == "ada"
    assert vault.reads() == before


def test_the_public_neighbours_of_the_private_blocks_are_accepted(vault: Vault) -> None:
    neighbours = ["9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0"]
    assert vault.put([*neighbours, "11.0.0.0/8", "172.32.0.0/11", "192.169.0.0/16", "8.0.0.0/7"])
    assert vault.outcomes(*map(data, neighbours)) == "aaaaaa"


def test_public_ranges_up_to_prefix_30_are_accepted(vault: Vault) -> None:
    for prefix in range(3, 31):
        assert vault.put([f"32.0.0.0/{prefix}"])
        last = 32 * 2**24 + 2 ** (32 - prefix) - 1
        octets = [str(last >> shift & 255) for shift in (24, 16, 8, 0)]
        assert vault.outcomes(data("31.255.255.255"), data("32.0.0.0"), data(".".join(octets))) == "daa"


def test_prefix_32_is_an_address_today_and_refused_in_2018(vault: Vault) -> None:
    assert vault.put(["20.0.0.1/32"]) is (vault.profile == TODAY)
    if vault.profile == TODAY:
        assert vault.outcomes(*map(data, ("20.0.0.0", "20.0.0.1", "20.0.0.2"))) == "dad"
        assert vault.write("removeIpRule", value="20.0.0.1")
        assert not vault.lets_in("20.0.0.1")
    else:
        assert not vault.put(["20.0.0.0/31"])
        assert not vault.write("addIpRule", value="20.0.0.1/32")


NO_SUBNET: tuple[object, ...] = (
    *("", "/", "front", FRONT[1:], FRONT + "/", FRONT + "/x", "/" + FRONT, FRONT.rsplit("/", 1)[0]),
    *(FRONT.rsplit("/", 2)[0], FRONT.replace("/g/", "//"), FRONT.replace("/s/", "//"), FRONT.removesuffix("front")),
    *(FRONT.replace("Microsoft.Network", "Microsoft.Compute"), FRONT.replace("/subnets/", "/subnet/")),
    *(FRONT.replace("/providers/Microsoft.Network", ""), FRONT.replace("virtualNetworks", "publicIPAddresses")),
    *(
        "/" + "/".join(FRONT.split("/")[3:5] + FRONT.split("/")[1:3] + FRONT.split("/")[5:]),
        FRONT + "/ipConfigurations/c",
    ),
    *(FRONT.replace("/subscriptions", "\\subscriptions"), "x" * 100_000, None, 7, True, [FRONT], {"id": FRONT}),
)


def test_what_is_no_subnet_id_is_refused_and_changes_nothing(vault: Vault) -> None:
    assert vault.put(["20.0.0.1"], [FRONT])
    for value in NO_SUBNET:
        assert not vault.put(["21.0.0.1"], [BACK, value]), value
        assert not vault.write("addVirtualNetworkRule", id=value), value
    assert vault.outcomes(data("20.0.0.1"), data("21.0.0.1"), data("10.0.0.4", via=FRONT)) == "ada"


def test_unknown_words_are_refused(vault: Vault) -> None:
    assert vault.put(["20.0.0.1"])
    words: tuple[object, ...] = ("", "Logging", "AzureServices, None", "Block", True, 0, [], {}, ["Deny"])
    for word in words:
        assert not vault.put(action=word), word
        assert not vault.put(bypass=word), word
        assert not vault.write("updateRules", defaultAction=word), word
        assert not vault.write("updateRules", bypass=word, defaultAction="Allow"), word
    assert vault.outcomes(data("20.0.0.1"), data("20.0.0.2")) == "ad"


def test_an_entry_that_is_no_rule_is_refused(vault: Vault) -> None:
    entries: tuple[object, ...] = (None, "20.0.0.1", 7, [], {})
    for entry in entries:
        assert not vault.raw_put({"bypass": "None", "defaultAction": "Deny", "ipRules": [entry]}), entry
        assert not vault.raw_put({"bypass": "None", "defaultAction": "Deny", "virtualNetworkRules": [entry]}), entry
    assert vault.lets_in("9.9.9.9")
