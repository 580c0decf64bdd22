"""The vault under the mutants keeps the contract: what it accepts and refuses, remembers and declares."""

import pytest
from asked_vault import A_RANGE, BOTH, PREVIEW, TODAY, accepts, last, lets_through
from fencepost.adapters.contract import Statement, SubjectError, check_statement
from fencepost.adapters.contract.vocabulary import CHOICES, FEATURES
from fencepost.conformance.mutants import Vault
from fencepost.conformance.mutants.stateful import Stateful
from fencepost.conformance.mutants.values import PROFILES
from fencepost.conformance.mutants.witness import (
    APP,
    HERE,
    INSIDE,
    Call,
    add,
    add_subnet,
    ask,
    call,
    dormant,
    endpoints,
    names,
    put,
    read,
    remove,
    remove_subnet,
    reset,
    singles,
    trusted,
    update,
)
from msgspec import convert


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    "value",
    [
        "20.0.0.7",
        "20.0.0.0/8",
        "20.0.0.4/30",
        "255.0.0.1",
        "172.15.255.255",
        "172.32.0.0/16",
        "192.167.0.0/16",
        "192.169.0.0/16",
        "9.255.255.255",
        "11.0.0.0/8",
        "172.0.0.0/8",
        "0.0.0.0/0",
        "203.0.113.0/24",
    ],
)
def test_public_ranges_are_accepted(profile: str, value: str) -> None:
    assert accepts(profile, put(value))
    assert accepts(profile, add(value))


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    "value",
    [
        "10.0.0.0/8",
        "10.255.255.255",
        "172.16.0.0/12",
        "172.31.255.0/24",
        "192.168.0.0/16",
        "192.168.255.255",
        "",
        "office",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "0x1.2.3.4",
        "16909060",
        "1.2.3.4/33",
        "1.2.3.4/-1",
        "1.2.3.4/",
        "1.2.3.0/24/24",
        "1.2.3.4-1.2.3.9",
        "١.2.3.4",
        "1.2.3.4\x00",
        "1.2.3.4:80",
        "9" * 9000,
        "::1",
        "2001:db8::/32",
        "::ffff:1.2.3.4",
        " 1.2.3.4",
        "1.2.3.4\n",
        "01.2.3.4",
        "1.2.3.0/024",
        "1.2.3.0/+24",
        "1.2.3.0/255.255.255.0",
        "1.2.3.0/0.0.0.255",
        "1.2.3.4/24",
        None,
        7,
        True,
        1.5,
        [],
        {},
        ["1.2.3.4"],
    ],
)
def test_what_is_no_public_ipv4_range_is_refused_wherever_it_stands(profile: str, value: object) -> None:
    assert not accepts(profile, put(value))
    assert not accepts(profile, put("20.0.0.7", value))
    assert not accepts(profile, add(value))


def test_small_ranges_are_refused_in_2018_and_accepted_today() -> None:
    for value in ("20.0.0.6/31", "20.0.0.7/32"):
        assert not accepts(PREVIEW, put(value))
        assert accepts(TODAY, put(value))


@pytest.mark.parametrize("profile", BOTH)
def test_unknown_words_are_refused(profile: str) -> None:
    words: tuple[object, ...] = ("deny", "", "Block", None, 0, True, [], {})
    for word in words:
        assert not accepts(profile, put(default=word))
        assert not accepts(profile, ("updateRules", {"defaultAction": word}))
        assert not accepts(profile, put(bypass=word))
        assert not accepts(profile, ("updateRules", {"bypass": word}))


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    "subnet",
    [
        APP + "/",
        APP[1:],
        "x" + APP,
        APP.rpartition("/subnets/")[0],
        APP + "/more/parts",
        APP.replace("/app", "/"),
        APP.replace("Prod", ""),
        APP.replace("subnets", "subnet"),
        "",
        "hub/app",
        None,
        7,
        [],
        {},
        APP.replace("Microsoft.Network", "Microsoft.Compute"),
    ],
)
def test_what_is_no_subnet_id_is_refused(profile: str, subnet: object) -> None:
    entry = {"id": subnet, "ignoreMissingVnetServiceEndpoint": True}
    assert not accepts(profile, put(subnets=[entry]))
    assert not accepts(profile, ("addVirtualNetworkRule", entry))


def test_today_a_rule_for_a_subnet_without_the_endpoint_must_say_so() -> None:
    assert accepts(PREVIEW, reset(without=[APP]), put(subnets=[APP]))
    assert not accepts(TODAY, reset(without=[APP]), put(subnets=[APP]))
    assert not accepts(TODAY, reset(without=[APP]), add_subnet(APP))
    assert accepts(TODAY, reset(without=[APP]), put(subnets=[dormant(APP)]))


def test_a_rule_that_is_there_already_outlives_its_endpoint() -> None:
    lost = (put(subnets=[APP]), endpoints(APP))
    assert accepts(TODAY, *lost, put(HERE, subnets=[APP]))
    assert accepts(TODAY, *lost, update(bypass="AzureServices"))


@pytest.mark.parametrize("profile", BOTH)
def test_the_limits_are_separate_and_hold_for_every_write(profile: str) -> None:
    ips, subnets = PROFILES[profile].max_ip_rules, PROFILES[profile].max_subnet_rules
    network, ranges = names(subnets + 1), singles(ips + 1)
    full = put(*ranges[:ips], subnets=network[:subnets])
    assert accepts(profile, reset(subnets=network), full)
    assert not accepts(profile, put(*ranges))
    assert not accepts(profile, put(*ranges, default="Allow", bypass="AzureServices"))
    assert not accepts(profile, reset(subnets=network), put(subnets=network))
    assert not accepts(profile, reset(subnets=network), full, add(ranges[-1]))
    assert not accepts(profile, reset(subnets=network), full, add_subnet(network[-1]))
    assert accepts(profile, reset(subnets=network), full, remove(ranges[0]), add(ranges[-1]))
    assert not accepts(profile, reset(subnets=network), full, remove(ranges[0]), add(ranges[0]), add(ranges[-1]))
    assert accepts(profile, reset(subnets=network), full, remove_subnet(network[0]), add_subnet(network[-1]))


@pytest.mark.parametrize("profile", BOTH)
def test_every_rule_of_a_full_list_is_in_force(profile: str) -> None:
    ranges = singles(PROFILES[profile].max_ip_rules)
    answer = last(profile, put(*ranges), ask(*(call(address) for address in ranges)))
    assert {decision["outcome"] for decision in answer["decisions"]} == {"allow"}


@pytest.mark.parametrize("profile", BOTH)
@pytest.mark.parametrize(
    "refused",
    [
        put("52.0.0.1", "office"),
        put(subnets=["office"], default="Allow"),
        put(bypass="x"),
        add("office"),
        add_subnet("office"),
        ("updateRules", {"bypass": "AzureServices", "defaultAction": "x"}),
    ],
)
def test_a_refused_write_changes_nothing(profile: str, refused: Call) -> None:
    before = (put(A_RANGE, subnets=[APP]),)
    assert not accepts(profile, *before, refused)
    assert last(profile, *before, refused, read()) == last(profile, *before, read())
    assert lets_through(profile, *before, refused, ask(call()))
    assert not lets_through(profile, *before, refused, ask(call("52.0.0.1")))


@pytest.mark.parametrize("profile", BOTH)
def test_a_put_replaces_and_an_update_keeps(profile: str) -> None:
    assert not lets_through(profile, put(A_RANGE), put("52.0.0.1"), ask(call()))
    assert lets_through(profile, put(A_RANGE, default="Allow"), update(default="Deny"), ask(call()))
    assert not lets_through(profile, put(A_RANGE), update(bypass="AzureServices"), ask(call("52.0.0.1")))
    assert not lets_through(profile, put(A_RANGE), update(default="Deny"), ask(trusted(PROFILES[profile], "52.0.0.1")))


@pytest.mark.parametrize("profile", BOTH)
def test_adding_and_removing_leaves_the_resulting_set(profile: str) -> None:
    history = (put(A_RANGE), add("20.0.0.0/16"), remove(A_RANGE), add_subnet(APP))
    assert lets_through(profile, *history, ask(call("20.0.0.7")))
    assert lets_through(profile, *history, ask(call(INSIDE, subnet=APP)))
    assert not lets_through(profile, *history, remove("20.0.0.0/16"), ask(call("20.0.0.7")))
    assert not lets_through(profile, *history, remove_subnet(APP.upper()), ask(call(INSIDE, subnet=APP)))
    assert not lets_through(profile, put(A_RANGE, A_RANGE), remove(A_RANGE), ask(call()))
    assert accepts(profile, *history, remove("52.0.0.1"))


def test_today_a_bare_address_and_its_slash_32_are_one_rule() -> None:
    assert not lets_through(TODAY, put(HERE), remove(f"{HERE}/32"), ask(call()))
    assert not lets_through(TODAY, put(f"{HERE}/32"), remove(HERE), ask(call()))


@pytest.mark.parametrize(("profile", "single"), [(PREVIEW, HERE), (TODAY, f"{HERE}/32")])
def test_the_rules_are_read_back_as_they_are_in_force(profile: str, single: str) -> None:
    assert last(profile, put(A_RANGE, HERE, subnets=[APP]), add("52.0.0.0/9"), read()) == {
        "networkAcls": {
            "bypass": "None",
            "defaultAction": "Deny",
            "ipRules": [{"value": A_RANGE}, {"value": single}, {"value": "52.0.0.0/9"}],
            "virtualNetworkRules": [{"id": APP.lower()}],
        }
    }


@pytest.mark.parametrize("profile", BOTH)
def test_a_new_vault_is_open_and_lets_trusted_services_in(profile: str) -> None:
    acls = {"bypass": "AzureServices", "defaultAction": "Allow", "ipRules": [], "virtualNetworkRules": []}
    assert last(profile, reset(), read()) == {"networkAcls": acls}
    assert last(profile, put(HERE), ("putRules", {"networkAcls": {}}), read()) == {"networkAcls": acls}


@pytest.mark.parametrize("profile", BOTH)
def test_the_statement_is_sound_and_answers_every_point_of_the_ledger(profile: str) -> None:
    statement = check_statement(convert(Vault(profile).describe(protocol=1), Statement))
    assert statement.profile == profile
    assert set(statement.choices) == set(CHOICES)
    restrictions = {"data-plane-only", "ip-rules-only", "decisions-only", "always-deny"}
    assert set(statement.features) == set(FEATURES) - restrictions - {"azure-wire"}


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SubjectError, match="keyvault-2018-preview and keyvault"):
        Vault("keyvalut")


class _Counting(Stateful):
    puts = 0

    def replaced(self) -> None:
        self.puts += 1


def test_what_a_flaw_remembers_counts_accepted_puts_and_ends_with_the_vault() -> None:
    vault = _Counting()
    for value in ("20.0.0.7", "10.0.0.1"):
        vault.put_rules(network_acls={"defaultAction": "Deny", "ipRules": [{"value": value}]})
    assert vault.puts == 1
    vault.reset(subnets=[])
    assert vault.puts == 0
