"""Values that no rule may have, each with its mistake's name and the clause that demands its refusal."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from random import Random

from fencepost.conformance.generate.networks import subnet_id
from fencepost.reference import Profile, text_from_address


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A wrong value of one list or switch (`ipRules`, `virtualNetworkRules`, `bypass`, `defaultAction`).

    `entry` is True if the value replaces the whole object in the list.
    """

    name: str
    clause: str
    member: str
    value: object
    entry: bool = False


def ip_mistakes(profile: Profile, random: Random) -> Iterator[Mistake]:
    """Every kind of wrong IP rule; its address is random where the address does not matter, and so are some forms."""
    a, b, c = random.randrange(20, 90), random.randrange(1, 250), random.randrange(1, 250)
    for clause, table in (
        ("VAL-2", _small_prefixes(profile, a, b, c)),
        ("VAL-3", _private(profile, random)),
        ("VAL-4", _ipv6(a, b, c)),
        ("VAL-5", _malformed(a, b, c)),
    ):
        for name, value in table.items():
            yield Mistake(name=name, clause=clause, member="ipRules", value=value)
    for name, entry in _malformed_entries(f"{a}.{b}.{c}.1").items():
        yield Mistake(name=name, clause="VAL-5", member="ipRules", value=entry, entry=True)


def _small_prefixes(profile: Profile, a: int, b: int, c: int) -> dict[str, object]:
    if profile.prefix_32 != "reject":
        return {}
    found: dict[str, object] = {}
    for n in range(20):
        length = 31 + n // 2 % 2
        found[f"prefix {length} #{n}"] = f"{a}.{b}.{n}.{(c + n) % 256 & ~1}/{length}"
    return found


def _private(profile: Profile, random: Random) -> dict[str, object]:
    ends = [
        *("10.0.0.0", "10.255.255.255", "10.0.0.0/8", "10.128.0.0/9", "10.255.255.252/30", "10.0.0.0/30"),
        *("172.16.0.0", "172.31.255.255", "172.16.0.0/12", "172.24.0.0/13", "172.31.255.252/30"),
        *("192.168.0.0", "192.168.255.255", "192.168.0.0/16", "192.168.128.0/17", "192.168.255.252/30"),
    ]
    inner = [
        *("10.0.0.0/9", "10.1.2.0/24", "172.16.0.0/13", "172.16.0.0/16", "172.17.0.0/16", "172.20.10.5"),
        *("172.31.0.0/16", "172.30.255.0/24", "192.168.1.0/24"),
    ]
    if profile.prefix_32 == "accept":  # an address is private in any spelling
        inner += ["10.1.2.3/32", "172.31.4.5/32", "192.168.6.7/32"]
    return {f"private {value}": value for value in (*ends, *random.sample(inner, len(inner) // 2))}


PUBLIC_NEIGHBOURS = (
    *("9.255.255.255", "11.0.0.0", "11.0.0.0/8", "9.0.0.0/8", "8.0.0.0/7", "9.255.255.252/30", "11.0.0.0/30"),
    *("172.15.255.255", "172.32.0.0", "172.32.0.0/11", "172.0.0.0/12", "172.15.0.0/16", "172.32.0.0/16"),
    *("172.15.255.252/30", "172.32.0.0/30", "192.167.255.255", "192.169.0.0", "192.169.0.0/16", "192.167.0.0/16"),
    *("192.167.255.252/30", "192.169.0.0/30", "192.172.0.0/15", "193.168.1.1", "191.168.1.1", "173.16.0.0/12"),
    *("171.16.0.0/12", "172.64.0.0/10", "110.0.0.1", "192.16.8.1", "172.160.0.1", "172.48.0.1", "172.112.0.0/16"),
    *("172.240.0.1", "172.255.0.0/16", "192.200.0.0/13", "192.160.0.0/13", "192.0.168.1"),
)
"""Public addresses and ranges that are easily mistaken for private ones (VAL-3)."""

UNRESERVED_NEIGHBOURS = (
    *("169.253.255.255", "169.255.0.0/16", "169.1.2.3", "100.63.255.255", "100.128.0.0/9", "100.1.2.3"),
    *("198.51.99.255", "198.51.101.0/24", "198.51.1.2", "203.0.112.0/24", "203.0.114.0", "203.1.113.1"),
    *("192.0.1.255", "192.0.3.0/24", "192.1.2.3", "198.17.255.255", "198.20.0.0/14", "126.255.255.0/24"),
)
"""Public addresses and ranges that are easily mistaken for reserved ones (VAL-1)."""


def _ipv6(a: int, b: int, c: int) -> dict[str, object]:
    quad = f"{a}.{b}.{c}.1"
    values = (
        *("::", "::1", "::/0", "2001:db8::1", "2001:db8::/32", "2603:1030:20e::10/124", "fe80::1", "fe80::1%eth0"),
        *("fd00::/8", "2001:0db8:0000:0000:0000:0000:0000:0001", "[2001:db8::1]"),
        *(f"::ffff:{quad}", f"::{quad}", f"64:ff9b::{quad}", f"::ffff:{quad}/128", "ff02::1", "2002:1401:201::/48"),
        *("1:2:3:4:5:6:7:8", "2001:DB8::AB", "abcd::/16"),
    )
    return {f"ipv6 {value}": value for value in values}


def _malformed(a: int, b: int, c: int) -> dict[str, object]:
    quad, net = f"{a}.{b}.{c}.1", f"{a}.{b}.{c}.0"
    packed = a << 24 | b << 16 | c << 8 | 1
    wide = f"{130 + a % 30}.{100 + b % 100}.{100 + c % 100}"  # as wide as an address may be, up to its last octet
    full_width = "".join(chr(0xFF10 + int(digit)) if digit.isdigit() else digit for digit in quad)
    arabic = "".join(chr(0x0660 + int(digit)) if digit.isdigit() else digit for digit in quad)
    return {
        "empty": "",
        "blanks": "  ",
        "a word": "any",
        "a host name": "vault.example.com",
        "a star": "*",
        "a star octet": f"{a}.{b}.{c}.*",
        "a service tag": "Internet",
        "one octet": f"{a}",
        "two octets": f"{a}.{b}",
        "three octets": f"{a}.{b}.{c}",
        "three octets and a prefix": f"{a}.{b}.{c}/24",
        "two octets and a prefix": f"{a}.{b}/16",
        "one octet and a prefix": f"{a}/8",
        "five octets": f"{quad}.1",
        "five octets in a range": f"{net}.0/24",
        "a trailing dot": f"{quad}.",
        "a leading dot": f".{quad}",
        "an empty octet": f"{a}..{c}.1",
        "an empty last octet": f"{a}.{b}.{c}.",
        "an empty octet in a range": f"{a}..{c}.0/24",
        "octet 256 first": f"256.{b}.{c}.1",
        "octet 256 last": f"{a}.{b}.{c}.256",
        "octet 300": f"{a}.300.{c}.1",
        "octet 300 first": f"300.{b}.{c}.1",
        "octet 300 third": f"{a}.{b}.300.1",
        "octet 300 last": f"{a}.{b}.{c}.300",
        "octet 300 in a range": f"{a}.{b}.300.0/24",
        "octet 512 in a range": f"{a}.512.0.0/16",
        "octet 256 in a range": f"{a}.256.0.0/16",
        "octet 999": f"{a}.{b}.999.1",
        "octet 1001, cut at 15 characters": f"{wide}.1001",
        "octet 4294967296": f"{a}.{b}.{c}.4294967296",
        "a negative octet": f"{a}.{b}.{c}.-1",
        "a negative octet of nothing": f"{a}.{b}.{c}.-0",
        "a plus octet": f"{a}.{b}.{c}.+1",
        "a plus octet in a range": f"{a}.{b}.+{c}.0/24",
        "a hexadecimal octet": f"0x{a:x}.{b}.{c}.1",
        "a hexadecimal last octet": f"{a}.{b}.{c}.0x1",
        "a hexadecimal octet in a range": f"{a}.{b}.0x{c:x}.0/24",
        "all hexadecimal": f"0x{packed:08x}",
        "hexadecimal digits": f"{a}.{b}.{c}.ff",
        "one plain integer": str(packed),
        "one small integer": str(5 << 24 | packed & 0xFFFFFF),
        "an integer and a prefix": f"{packed & 0xFFFFFF00}/24",
        "all hexadecimal and a prefix": f"0x{packed & 0xFFFFFF00:08x}/24",
        "an octet with a fraction": f"{a}.{b}.{c}.1e1",
        "an underscore": f"{a}.{b}.{c}.1_0",
        "an underscore in a range": f"{a}.{b}.1_0.0/24",
        "an inner blank": f"{a}. {b}.{c}.1",
        "a byte order mark in front": f"\ufeff{quad}",
        "a zero-width space at the end": f"{quad}\u200b",
        "a blank before the slash": f"{net} /24",
        "a blank after the slash": f"{net}/ 24",
        "a comma": f"{a},{b},{c},1",
        "two addresses": f"{quad},{a}.{b}.{c}.2",
        "two addresses and a semicolon": f"{quad};{a}.{b}.{c}.2",
        "two addresses and a blank": f"{quad} {a}.{b}.{c}.2",
        # Apart from its prefix each is right, also under the likely misreadings.
        "prefix 33": f"{net}/33",
        "prefix 33 of an address": f"{quad}/33",
        "prefix 40, 8 in five bits": f"{a}.0.0.0/40",
        "prefix 56, 24 in five bits": f"{net}/56",
        "prefix 264, 8 in a byte": f"{a}.0.0.0/264",
        "prefix 280, 24 in a byte": f"{net}/280",
        "prefix -24": f"{net}/-24",
        "prefix -16": f"{a}.{b}.0.0/-16",
        "prefix 128": f"{net}/128",
        "prefix 300, cut at 18 characters": f"{wide}.128/300",
        "prefix 4294967320": f"{net}/4294967320",
        "prefix -1": f"{net}/-1",
        "prefix -8": f"{a}.0.0.0/-8",
        "an empty prefix": f"{net}/",
        "an empty prefix after an address": f"{quad}/",
        "a word for a prefix": f"{net}/all",
        "a hexadecimal prefix": f"{net}/0x18",
        "a binary prefix": f"{net}/0b11000",
        "an underscore in a prefix": f"{net}/2_4",
        "a fraction for a prefix": f"{net}/24.0",
        "an exponent for a prefix": f"{a}.64.0.0/1e1",
        "no address": "/24",
        "a leading slash": f"/{net}/24",
        "a slash after the prefix": f"{net}/24/",
        "a slash alone": "/",
        "two slashes": f"{net}/24/24",
        "a doubled slash": f"{net}//24",
        "a backslash": f"{net}\\24",
        "a mask with a hole": f"{net}/255.0.255.0",
        "a mask over 255": f"{net}/256.255.255.0",
        "a range of addresses": f"{quad}-{a}.{b}.{c}.9",
        "a range of last octets": f"{quad}-9",
        "a port": f"{quad}:443",
        "a port after a prefix": f"{net}/24:443",
        "brackets": f"[{quad}]",
        "a zone": f"{quad}%eth0",
        "a URL": f"http://{quad}",
        "a comment": f"{quad}#office",
        "quotes inside": f"'{quad}'",
        "a negation": f"!{quad}",
        "full-width digits": full_width,
        "a full-width prefix": f"{net}/２４",
        "an Arabic prefix": f"{net}/٢٤",
        "Arabic digits": arabic,
        "a full-width dot": quad.replace(".", "。", 1),
        "a superscript prefix": f"{net}/²⁴",
        "a NUL at the end": f"{quad}\0",
        "a NUL in a range": f"{net}\0/24",
        "a NUL inside": f"{a}.{b}\0.{c}.1",
        "a NUL and more": f"{quad}\0.example.com",
        "a line break inside": f"{a}.{b}.\n{c}.1",
        "a second line": f"{quad}\n{a}.{b}.{c}.2",
        "ten thousand digits": "1" * 10_000,
        "very long text": f"{quad}/24" + "x" * 10_000,
        "null": None,
        "true": True,
        "false": False,
        "zero": 0,
        "a number": packed,
        "a fraction": 20.5,
        "a list": [quad],
        "a list of octets": [a, b, c, 1],
        "an empty list": [],
        "an object": {"value": quad},
        "an empty object": {},
    }


def _malformed_entries(quad: str) -> dict[str, object]:
    return {
        "an entry without its key": {},
        "an entry that is text": quad,
        "an entry that is null": None,
        "an entry that is a number": 7,
        "an entry that is a list": [quad],
        "an entry that is true": True,
    }


def subnet_mistakes(known: str) -> Iterator[Mistake]:
    """Every kind of wrong subnet id, made from an id of the network."""
    parts = known.split("/")
    subscription, group, network, subnet = parts[2], parts[4], parts[8], parts[10]
    vnet = known.rpartition("/subnets/")[0]
    good = subnet_id(subscription, group, network, subnet)
    table: dict[str, object] = {
        "empty": "",
        "a word": "default",
        "the subnet's name": subnet,
        "network/subnet": f"{network}/{subnet}",
        "the network's id": vnet,
        "the network's id and a slash": f"{vnet}/",
        "the network's id and subnets": f"{vnet}/subnets",
        "an empty subnet": f"{vnet}/subnets/",
        "an empty network": subnet_id(subscription, group, "", subnet),
        "an empty group": subnet_id(subscription, "", network, subnet),
        "an empty subscription": subnet_id("", group, network, subnet),
        "a trailing slash": f"{good}/",
        "no leading slash": good.removeprefix("/"),
        "two leading slashes": f"/{good}",
        "an extra part": f"{good}/extra",
        "an extra pair": f"{good}/ipConfigurations/one",
        "no subscription": good.replace(f"/subscriptions/{subscription}", ""),
        "no group": good.replace(f"/resourceGroups/{group}", ""),
        "no provider": good.replace("/providers/Microsoft.Network", ""),
        "another provider": good.replace("Microsoft.Network", "Microsoft.NetworkFunction"),
        "a classic provider": good.replace("Microsoft.Network", "Microsoft.ClassicNetwork"),
        "misnamed subscriptions": good.replace("/subscriptions/", "/subscription/"),
        "misnamed resource groups": good.replace("/resourceGroups/", "/resourceGroup/"),
        "misnamed providers": good.replace("/providers/", "/provider/"),
        "misnamed networks": good.replace("/virtualNetworks/", "/vnets/"),
        "misnamed subnets": good.replace("/subnets/", "/subnet/"),
        "a blank after subnets": good.replace("/subnets/", "/subnets /"),
        "a hyphen in the provider": good.replace("Microsoft.Network", "Microsoft-Network"),
        "an encoded slash": good.replace("/subnets/", "/subnets%2F"),
        "backslashes": good.replace("/", "\\"),
        "pairs out of order": f"/resourceGroups/{group}/subscriptions/{subscription}" + good.partition(group)[2],
        "subnet before network": good.replace(f"/virtualNetworks/{network}", "") + f"/virtualNetworks/{network}",
        "another resource": good.replace(f"/subnets/{subnet}", "").replace("virtualNetworks", "publicIPAddresses"),
        "a security group": good.replace("/virtualNetworks/", "/networkSecurityGroups/"),
        "a peering": good.replace("/subnets/", "/virtualNetworkPeerings/"),
        "a URL": f"https://management.azure.com{good}",
        "an address": text_from_address(20 << 24 | 1),
        "null": None,
        "a number": 7,
        "true": True,
        "a list": [good],
        "an object": {"id": good},
    }
    for name, value in table.items():
        yield Mistake(name=name, clause="VAL-7", member="virtualNetworkRules", value=value)
    entries: dict[str, object] = {
        "an entry without its key": {},
        "an entry that is text": good,
        "an entry that is null": None,
    }
    for name, entry in entries.items():
        yield Mistake(name=name, clause="VAL-7", member="virtualNetworkRules", value=entry, entry=True)


def switch_mistakes(switches: Collection[str] = ("defaultAction", "bypass")) -> Iterator[Mistake]:
    """Words and values that neither switch accepts (VAL-6), for each of these switches."""
    words: dict[str, tuple[object, ...]] = {
        "defaultAction": ("Block", "Denied", "Allowed", "None", "AzureServices", "Allow,Deny", "Deny, Allow", "1", "*"),
        "bypass": (
            *("Allow", "Logging", "AzureServices, Logging", "AzureServices,None", "None, Metrics", "AzureService"),
            *("AzureServices None", "Azure Services", "All", "0", "true"),
        ),
    }
    for member in switches:
        unknown = words[member]
        for value in ("", *unknown, 0, True, False, {}):
            yield Mistake(name=f"{member} {value!r}", clause="VAL-6", member=member, value=value)
        usual = "Deny" if member == "defaultAction" else "None"
        yield Mistake(name=f"{member} in a list", clause="VAL-6", member=member, value=[usual])
