"""Who may pass on Azure's wire: the gates of both planes, the words of a refusal, and how a caller is conveyed."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
from azure_http import CONTROL, DATA, Wire
from fencepost.adapters.azure_server.background import running
from fencepost.adapters.azure_server.server import Options
from fencepost.adapters.azure_server.tokens import LIFETIME, Tokens
from fencepost.adapters.azure_server.world import OWNER
from fencepost.adapters.contract import open_factory

CLOSED = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [{"value": "20.1.2.3"}]}
LISTED = {"x-fencepost-address": "20.1.2.3"}
BLOCKED = {"x-fencepost-address": "20.1.2.4"}
PERMISSION_CODES = ("AccessDenied", "ForbiddenByPolicy", "ForbiddenByRbac")
"""What the service says where only the permission is missing; which of them is the subject's to say."""


@pytest.fixture(scope="module")
def served() -> Iterator[Wire]:
    with running(Options(trust_test_headers=True, most_vaults=100)) as server:
        yield Wire(running=server)


@pytest.fixture
def wire(served: Wire) -> Wire:
    served.fresh().create(CLOSED)
    return served


def test_a_listed_address_is_let_through_and_its_neighbour_is_not(wire: Wire) -> None:
    assert wire.data("GET", "/secrets/none", headers=LISTED).status == 404
    assert wire.data("GET", "/secrets/none", headers=BLOCKED).status == 403


def test_a_refusal_of_the_firewall_says_what_the_service_says(wire: Wire) -> None:
    # E3, E5, E6; domain: the line of the caller, the line of the vault
    reply = wire.data("GET", "/secrets", headers=BLOCKED)
    lines = reply.body["error"]["message"].split("\r\n")
    assert reply.code == "ForbiddenByFirewall"
    assert reply.body["error"]["code"] == "Forbidden"
    assert lines[0] == "Client address is not authorized and caller is not a trusted service."
    assert lines[1] == "Client address: 20.1.2.4"
    assert lines[2].startswith(f"Caller: appid={OWNER.client_id};oid={OWNER.object_id};iss=https://sts.windows.net/")
    assert lines[3] == f"Vault: {wire.vault};location=westeurope"


def test_with_bypass_none_the_refusal_says_so(wire: Wire) -> None:
    wire.create({**CLOSED, "bypass": "None"})
    message = wire.data("GET", "/secrets", headers=BLOCKED).body["error"]["message"]
    assert message.startswith("Client address is not authorized and caller was ignored because bypass is set to None")


def test_a_caller_from_a_subnet_is_told_that_it_is_unknown(wire: Wire) -> None:
    # E4: packer-plugin-azure #384
    subnet = wire.subnet("unlisted", "Microsoft.KeyVault")
    headers = {"x-fencepost-address": "10.1.1.4", "x-fencepost-subnet": subnet}
    message = wire.data("GET", "/secrets", headers=headers).body["error"]["message"]
    assert "Client address: 10.1.1.4 from unknown subnet" in message
    wire.subnet("unlisted")
    public = {**headers, "x-fencepost-address": "20.9.9.9"}
    message = wire.data("GET", "/secrets", headers=public).body["error"]["message"]
    assert "\r\nClient address: 20.9.9.9\r\n" in message, "no subnet is seen while its endpoint is off"


def test_a_listed_subnet_is_let_through_while_its_endpoint_is_on(wire: Wire) -> None:
    subnet = wire.subnet("listed", "Microsoft.KeyVault")
    wire.create({"bypass": "None", "defaultAction": "Deny", "virtualNetworkRules": [{"id": subnet.upper()}]})
    headers = {"x-fencepost-address": "10.1.1.4", "x-fencepost-subnet": subnet}
    assert wire.data("GET", "/secrets", headers=headers).status == 200
    wire.subnet("listed")
    assert wire.data("GET", "/secrets", headers={**headers, "x-fencepost-address": "20.9.9.9"}).status == 403


def test_a_trusted_service_is_let_through_by_the_bypass(wire: Wire) -> None:
    trusted = {**BLOCKED, "x-fencepost-service": "Azure%20Backup", "x-fencepost-trusted": "true"}
    assert wire.data("GET", "/secrets", headers=trusted).status == 200
    assert wire.data("GET", "/secrets", headers={**trusted, "x-fencepost-trusted": "false"}).status == 403


@pytest.mark.parametrize(("version", "code"), [("7.1", ""), ("7.4", "AKV10000: ")])
def test_without_a_token_the_answer_is_a_challenge(wire: Wire, version: str, code: str) -> None:
    # E8: azure-sdk-for-js keyvault-keys, 2020-06-25; later recordings have the code
    reply = wire.data("GET", "/secrets/none", token=None, headers=LISTED, version=version)
    world = wire.running.server.world
    assert reply.status == 401
    assert reply.code == "Unauthorized"
    assert reply.body["error"]["message"] == f"{code}Request is missing a Bearer or PoP token."
    authority = f"{world.login_url}/{world.tenant}"
    assert reply.headers["www-authenticate"] == f'Bearer authorization="{authority}", resource="{DATA}"'
    info = "conn_type=Ipv4;addr=20.1.2.3;act_addr_fam=InterNetwork;"
    assert reply.headers["x-ms-keyvault-network-info"] == info


@pytest.mark.parametrize("token", ["garbage", "a.b.c", ""])
def test_a_token_that_is_none_is_like_no_token(wire: Wire, token: str) -> None:
    assert wire.data("GET", "/secrets", token=token or None, headers=LISTED).status == 401
    assert wire.control("GET", wire.path(), token=token or None).status == 401


def test_a_token_for_another_audience_is_like_no_token(wire: Wire) -> None:
    assert wire.data("GET", "/secrets", token=wire.token(CONTROL), headers=LISTED).status == 401
    assert wire.control("GET", wire.path(), token=wire.token(DATA)).status == 401


def test_a_token_is_good_until_it_expires_and_for_its_tenant_alone() -> None:
    clock = [time.time()]
    tokens = Tokens(tenant="t", key="k" * 32, now=lambda: clock[0])
    token = tokens.make(OWNER, f"{DATA}/")
    assert Tokens(tenant="other", key="k" * 32).read(token) is None
    assert Tokens(tenant="t", key="l" * 32).read(token) is None
    clock[0] += LIFETIME - 2
    read = tokens.read(token)
    assert read is not None
    assert read.audience == DATA
    clock[0] += 3
    assert tokens.read(token) is None


def test_the_control_plane_says_what_is_wrong_with_a_token(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    # azure-sdk-for-java #33112, azure-powershell #27882
    tokens, good = wire.running.server.world.tokens, wire.token()
    assert wire.control("GET", wire.path(), token=None).code == "AuthenticationFailed"
    for wrong in ("garbage", wire.token(DATA)):
        assert wire.control("GET", wire.path(), token=wrong).code == "InvalidAuthenticationToken"
    monkeypatch.setattr(tokens, "now", lambda: time.time() + LIFETIME + 60)
    late = wire.control("GET", wire.path(), token=good)
    assert (late.status, late.code) == (401, "ExpiredAuthenticationToken")
    assert late.body["error"]["message"].startswith("The access token expiry UTC time '")
    assert wire.data("GET", "/secrets", token=good, headers=LISTED).status == 401


def test_a_missing_permission_is_told_only_after_the_firewall(wire: Wire) -> None:
    stranger = wire.stranger(DATA)
    assert wire.data("GET", "/secrets", token=stranger, headers=LISTED).code in PERMISSION_CODES
    assert wire.data("GET", "/secrets", token=stranger, headers=BLOCKED).code == "ForbiddenByFirewall"


def test_an_access_policy_grants_one_permission_and_no_other(wire: Wire) -> None:
    policy = {"objectId": OWNER.object_id, "permissions": {"secrets": ["Get"]}}
    wire.create(CLOSED, accessPolicies=[policy])
    assert wire.data("GET", "/secrets/none", headers=LISTED).status == 404
    assert wire.data("GET", "/secrets", headers=LISTED).status == 403
    assert wire.data("GET", "/keys/none", headers=LISTED).status == 403


def test_the_control_plane_is_not_behind_the_firewall_and_takes_a_role(wire: Wire) -> None:
    assert wire.control("GET", wire.path(), headers=BLOCKED).status == 200
    reply = wire.control("GET", wire.path(), token=wire.stranger())
    assert (reply.status, reply.code) == (403, "AuthorizationFailed")


def test_a_callers_address_is_not_believed_unless_that_is_asked_for() -> None:
    with running(Options()) as server:
        wire = Wire(running=server)
        wire.create({"defaultAction": "Deny", "ipRules": [{"value": "20.1.2.3"}]})
        for headers in (LISTED, {"x-forwarded-for": "20.1.2.3"}):
            reply = wire.data("GET", "/secrets", headers=headers)
            assert reply.status == 403
            assert "Client address: 127.0.0.1" in reply.body["error"]["message"]


@pytest.mark.parametrize(
    ("hops", "chain", "status"),
    [
        (1, "20.1.2.3", 200),
        (1, "20.9.9.9, 20.1.2.3", 200),
        (1, "20.1.2.3, 20.9.9.9", 403),
        (2, "20.1.2.3, 20.9.9.9", 200),
        (2, "20.9.9.9, 20.1.2.3, 20.8.8.8", 200),
        (1, "no address", 400),
    ],
)
def test_so_many_trusted_hops_of_x_forwarded_for_are_believed(hops: int, chain: str, status: int) -> None:
    with running(Options(hops=hops)) as server:
        wire = Wire(running=server)
        wire.create({"defaultAction": "Deny", "ipRules": [{"value": "20.1.2.3"}]})
        assert wire.data("GET", "/secrets", headers={"x-forwarded-for": chain}).status == status


def test_healthstatus_needs_no_token_and_tells_the_callers_address(wire: Wire) -> None:
    reply = wire.data("GET", "/healthstatus", token=None, headers=BLOCKED)
    assert reply.status == 200
    assert "addr=20.1.2.4;" in reply.headers["x-ms-keyvault-network-info"]


def test_every_request_has_its_line_in_the_log(wire: Wire) -> None:
    before = len(wire.running.log)
    wire.data("GET", "/secrets/none", token=wire.token(DATA), headers=BLOCKED)
    line = wire.running.log[-1]
    assert len(wire.running.log) == before + 2  # the token's, and this one
    assert all(part in line for part in ("20.1.2.4", "SecretGet", "403", "ForbiddenByFirewall"))


class Broken:
    """A subject that answers two calls as the contract says, and nothing as it does after that."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def describe(self, *, protocol: int) -> object:
        return {"protocol": protocol, "name": "broken", "version": "1", "profile": "keyvault", "features": []}

    def reset(self, *, subnets: object) -> object:
        return {}

    def put_rules(self, *, network_acls: object) -> object:
        return self._answers.get("put", {"accepted": True})

    def decide(self, *, requests: object) -> object:
        answer = self._answers["decide"]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.mark.parametrize(
    "answer",
    [RuntimeError("no"), None, {}, {"decisions": []}, {"decisions": ["perhaps"]}, {"decisions": ["allow", "allow"]}],
)
def test_a_broken_subject_is_a_500_with_a_code_of_its_own(answer: object) -> None:
    with served_object(Broken(decide=answer)) as wire:
        wire.create()
        reply = wire.data("GET", "/secrets")
        assert (reply.status, reply.code) == (500, "FencepostSubjectBroken")


def test_a_subject_that_cannot_put_a_request_or_a_write_is_a_503_with_a_code_of_its_own() -> None:
    inconclusive = {"outcome": "inconclusive", "reason": "the moon"}
    with served_object(Broken(decide={"decisions": [inconclusive]}, put=inconclusive)) as wire:
        assert wire.create(CLOSED).code == "FencepostInconclusive"
        wire.create()
        reply = wire.data("GET", "/secrets")
        assert (reply.status, reply.code) == (503, "FencepostInconclusive")


def test_what_a_subject_lacks_the_server_keeps_and_judges() -> None:
    with served_object(Broken(decide={"decisions": ["allow"]})) as wire:
        wire.create({"bypass": "None", "defaultAction": "Deny", "ipRules": [{"value": "20.1.2.3"}]})
        assert wire.read()["networkAcls"]["ipRules"] == [{"value": "20.1.2.3/32"}]
        assert wire.data("GET", "/secrets").status == 200
        assert wire.data("GET", "/secrets", token=None).status == 401
        assert wire.data("GET", "/secrets", token=wire.stranger(DATA)).code == "ForbiddenByPolicy"


class DeniesData(Broken):
    """A subject without credentials that denies the data plane and lets the control plane through."""

    def decide(self, *, requests: Any) -> object:
        return {"decisions": ["allow" if request["plane"] == "control" else "deny" for request in requests]}


def test_of_a_blocked_caller_without_a_token_it_is_said_that_nobody_knows() -> None:
    with served_object(DeniesData()) as wire:
        wire.create()
        reply = wire.data("GET", "/secrets", token=None)
        assert reply.headers["x-fencepost-open-point"] == "unauthenticated-and-blocked"
        assert wire.data("GET", "/secrets").code == "ForbiddenByFirewall"


@contextlib.contextmanager
def served_object(subject: object) -> Iterator[Wire]:
    with running(Options(), opener=lambda: open_factory(lambda: subject)) as server:
        yield Wire(running=server)
