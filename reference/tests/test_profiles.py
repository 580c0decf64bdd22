"""The shipped profiles: numbers, services and open points as the contract and the catalogue have them."""

import tomllib

import pytest
from fencepost.adapters.contract.vocabulary import CHOICES, RESERVED_BLOCKS, SERVICE_ENDPOINT
from fencepost.reference import (
    Caller,
    DefaultAction,
    Network,
    Outcome,
    Profile,
    Request,
    RuleSet,
    UnknownProfile,
    address_from_text,
    cidr_from_block,
    decide,
    load_profile,
    profile_from_toml,
    profile_names,
)
from fencepost.reference import model as reference_model
from fencepost.reference.addresses import RESERVED
from fencepost.reference.open_points import ANSWERS
from fencepost.reference.profile import Service

TODAY, PREVIEW = load_profile("keyvault"), load_profile("keyvault-2018-preview")

SMALL = """
name = "small"
title = "t"
source = "s"
missing-service-endpoint = "open"
trusted-scenarios = "open"
limits = { ip-rules = 3, virtual-network-rules = 2 }
prefixes = { 31 = "accept", 32 = "reject" }
services = [{ name = "Contoso Billing", scenario = "none", trusted = false }]
[choices]
host-bits = "mask"
reserved-ranges = { "127.0.0.0/8" = "accept" }
"""


def test_there_are_two_profiles() -> None:
    assert profile_names() == ("keyvault", "keyvault-2018-preview")
    assert [load_profile(name).name for name in profile_names()] == list(profile_names())


@pytest.mark.parametrize("profile", [TODAY, PREVIEW], ids=lambda profile: profile.name)
def test_every_key_of_the_ledger_is_there_and_open_but_for_trust(profile: Profile) -> None:
    assert set(profile.choices) == set(ANSWERS)
    settled = {key for key in ANSWERS if profile.choice(key) is not None}
    assert settled == ({"trusted-services"} if profile is TODAY else {"trusted-services", "trusted-scenarios"})


def test_the_ledger_is_the_contracts() -> None:
    assert dict(ANSWERS) == dict(CHOICES)
    assert tuple(cidr_from_block(block) for block in RESERVED) == RESERVED_BLOCKS
    assert reference_model.SERVICE_ENDPOINT == SERVICE_ENDPOINT


def test_the_numbers_of_2018() -> None:
    assert (PREVIEW.max_ip_rules, PREVIEW.max_virtual_network_rules) == (127, 127)
    assert (PREVIEW.prefix_31, PREVIEW.prefix_32) == ("reject", "reject")
    assert PREVIEW.missing_endpoint == "open"
    assert PREVIEW.trusted_scenarios == "connection"
    assert PREVIEW.choice("trusted-services") == "list"


def test_the_numbers_of_today() -> None:
    assert (TODAY.max_ip_rules, TODAY.max_virtual_network_rules) == (1000, 200)
    assert (TODAY.prefix_31, TODAY.prefix_32) == ("open", "accept")
    assert TODAY.missing_endpoint == "reject"
    assert TODAY.trusted_scenarios == "open"
    assert TODAY.choice("trusted-services") == "attribute"


def test_the_services_of_2018_letter_for_letter() -> None:
    assert [(service.name, service.scenario, service.trusted) for service in PREVIEW.services] == [
        ("Azure Virtual Machines deployment service", "deploy certificates to VMs", True),
        (
            "Azure Resource Manager (ARM) template deployment service",
            "pass secure values during deployment",
            True,
        ),
        (
            "Azure Disk Encryption volume encryption service",
            "BitLocker key or DM passphrase, and key encryption key, at VM deployment",
            True,
        ),
        ("Azure Backup", "backup and restore of keys and secrets", True),
        ("Exchange Online & SharePoint Online", "customer key for service encryption", True),
        ("Azure Information Protection", "tenant key", True),
        ("App Services", 'web app certificates ("coming soon")', False),
    ]


def test_todays_services_are_39_and_all_trusted() -> None:
    names = [service.name for service in TODAY.services]
    assert len(names) == len(set(names)) == len(TODAY.trusted_services) == 39
    assert not {"Azure DevOps", "App Services", "Contoso Billing"} & TODAY.trusted_services


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("keyvualt", "keyvault"),
        ("KeyVault", "keyvault"),
        ("keyvault-2018", "keyvault-2018-preview"),
        ("keyvault-2018-previw", "keyvault-2018-preview"),
    ],
)
def test_a_name_that_is_nearly_right_gets_its_near_misses(name: str, near: str) -> None:
    with pytest.raises(UnknownProfile) as caught:
        load_profile(name)
    assert near in caught.value.near
    assert caught.value.known == profile_names()
    assert f"did you mean {caught.value.near[0]}" in str(caught.value)
    assert repr(name) in str(caught.value)


def test_a_name_that_is_near_to_nothing_gets_what_there_is() -> None:
    with pytest.raises(LookupError, match=r"no profile is called 'zzz' \(known: keyvault, keyvault-2018-preview\)"):
        load_profile("zzz")


@pytest.mark.parametrize("name", ["../profiles/keyvault", "keyvault.toml", ""])
def test_a_profile_is_named_and_not_found_by_path(name: str) -> None:
    with pytest.raises(UnknownProfile):
        load_profile(name)


# ---- a profile as a value --------------------------------------------------------------------------------------------


def test_a_profile_is_read_from_toml() -> None:
    small = profile_from_toml(SMALL)
    assert (small.name, small.max_ip_rules, small.max_virtual_network_rules) == ("small", 3, 2)
    assert (small.prefix_31, small.prefix_32) == ("accept", "reject")
    assert small.choice("host-bits") == "mask"
    assert small.choice("duplicates") is None
    assert (small.reserved_range("127.0.0.0/8"), small.reserved_range("0.0.0.0/8")) == ("accept", None)
    assert small.trusted_services == frozenset()


@pytest.mark.parametrize("line", [line for line in SMALL.splitlines() if " = " in line][:8])
def test_a_profile_that_lacks_a_member_is_a_key_error(line: str) -> None:
    with pytest.raises(KeyError):
        profile_from_toml(SMALL.replace(f"{line}\n", ""))


def test_a_text_that_is_no_toml_says_so() -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        profile_from_toml("name = ")


def test_choosing_gives_another_profile_and_leaves_the_first() -> None:
    chosen = TODAY.with_choices({"host-bits": "mask", "reserved-ranges": {"127.0.0.0/8": "reject"}})
    assert (chosen.choice("host-bits"), TODAY.choice("host-bits")) == ("mask", None)
    assert chosen.reserved_range("127.0.0.0/8") == "reject"
    assert chosen.choice("reserved-ranges") is None
    assert chosen.with_choices({"host-bits": None}).choice("host-bits") is None
    assert TODAY.with_choices({"reserved-ranges": "accept"}).reserved_range("240.0.0.0/4") == "accept"


def test_an_unknown_point_is_named() -> None:
    with pytest.raises(KeyError, match="host-bit"):
        TODAY.with_choices({"host-bit": "mask"})
    with pytest.raises(KeyError):
        TODAY.choice("host-bit")


def test_what_is_trusted_can_be_narrowed_to_some_of_the_names() -> None:
    assert PREVIEW.with_trusted_services(frozenset({"Azure Backup"})).trusted_services == {"Azure Backup"}


# ---- what the profiles mean to a service -----------------------------------------------------------------------------


def outcome(profile: Profile, service: str, *, trusted: bool | None = None) -> Outcome:
    request = Request(address=address_from_text("20.1.2.3"), caller=Caller(service=service, trusted=trusted))
    rules = RuleSet(default_action=DefaultAction.DENY)
    return decide(request, rules=rules, network=Network(), profile=profile).outcome


@pytest.mark.parametrize("service", PREVIEW.services, ids=lambda service: service.name)
def test_in_2018_trust_is_by_connection_and_no_choice_softens_that(service: Service) -> None:
    name, trusted = service.name, service.trusted
    expected = Outcome.ALLOW if trusted else Outcome.DENY
    assert outcome(PREVIEW, name) is expected
    assert outcome(PREVIEW.with_choices({"trusted-scenarios": "scenario"}), name) is expected


@pytest.mark.parametrize(
    "name", ["Azure DevOps", "Contoso Billing", "azure backup", "Azure Backup ", "Azure SQL Database"]
)
def test_in_2018_any_other_name_is_not_trusted(name: str) -> None:
    assert outcome(PREVIEW, name) is Outcome.DENY


def test_today_the_request_alone_says_who_is_trusted() -> None:
    assert outcome(TODAY, "Contoso Billing", trusted=True) is Outcome.ALLOW
    assert outcome(TODAY, "Azure Backup", trusted=False) is Outcome.DENY
    assert outcome(TODAY, "Azure Backup") is Outcome.DENY


def test_todays_list_is_open_until_somebody_says_that_connections_are_trusted() -> None:
    by_name = TODAY.with_choices({"trusted-services": "list"})
    assert outcome(by_name, "Azure Backup") is Outcome.OPEN
    assert outcome(by_name.with_choices({"trusted-scenarios": "scenario"}), "Azure Backup") is Outcome.OPEN
    assert outcome(by_name.with_choices({"trusted-scenarios": "connection"}), "Azure Backup") is Outcome.ALLOW
    assert outcome(by_name, "Azure DevOps") is Outcome.DENY


@pytest.mark.parametrize("profile", [TODAY, PREVIEW], ids=lambda profile: profile.name)
def test_a_profile_says_that_it_covers_the_rules_alone(profile: Profile) -> None:
    assert profile.scope.startswith("The profile covers networkAcls alone: not ")
    assert "enabledForTemplateDeployment" in profile.scope


def test_the_edition_of_2018_dates_the_announcement_by_its_note_and_cites_the_later_page_for_limits_alone() -> None:
    assert "undated but for its note of 2018-08-31" in PREVIEW.source
    assert "for the limits also" in PREVIEW.source
