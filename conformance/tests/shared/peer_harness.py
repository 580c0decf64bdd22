"""How the tests of the peers ask one: in this process as the `library:` carrier does, or as a child process."""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from fencepost.adapters.contract import Client, JsonObject, check_statement
from fencepost.conformance import peers
from runs import snake

PROGRAM = Path(__file__).parents[1] / "programs" / "my_vault.py"
TODAY, PREVIEW = "keyvault", "keyvault-2018-preview"
LIMITS = {TODAY: (1000, 200), PREVIEW: (127, 127)}
DECLARING = ("StdlibVault", "NetaddrVault", "TrieVault", "SqliteVault", "my_vault", "CollapsingCountingVault")
FULL = (
    *DECLARING,
    *("StdlibVaultUndeclared", "NetaddrVaultUndeclared", "TrieVaultUndeclared", "SqliteVaultUndeclared"),
    *("SuspiciousVault", "BareStringVault", "WrongCodesVault"),
)


class InProcess:
    """A Python object asked as the `library:` carrier asks it, everything passing through JSON."""

    exclusive = False

    def __init__(self, subject: object) -> None:
        self.subject = subject

    def call(self, method: str, params: JsonObject) -> object:
        sent = {snake(key): value for key, value in json.loads(json.dumps(params)).items()}
        return json.loads(json.dumps(getattr(self.subject, snake(method))(**sent)))

    def log(self) -> str:
        return ""

    def close(self) -> None:
        pass


class Child:
    """The stand-alone harness, a line a call."""

    exclusive = False

    def __init__(self, profile: str, stack: ExitStack) -> None:
        command = [sys.executable, str(PROGRAM), profile]
        self.process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        )

    def raw(self, message: JsonObject) -> dict[str, object]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()
        answer: dict[str, object] = json.loads(self.process.stdout.readline())
        return answer

    def call(self, method: str, params: JsonObject) -> object:
        answer = self.raw({"jsonrpc": "2.0", "id": method, "method": method, "params": params})
        assert answer["id"] == method
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def log(self) -> str:
        return ""

    def close(self) -> None:
        pass


def subnet(name: str, *, vnet: str = "v", group: str = "g", subscription: str = "s") -> str:
    return (
        f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{vnet}"
        f"/subnets/{name}"
    )


FRONT, BACK, BARE = subnet("front"), subnet("back"), subnet("bare")
LOOK_ALIKES = (
    BACK,
    subnet("front", vnet="w"),
    subnet("front", group="h"),
    subnet("front", subscription="t"),
    subnet("front2"),
    subnet("fron"),
)
MANY = [subnet(f"n{number}") for number in range(201)]


class Vault:
    """A client with the few words that the tests below are written in."""

    def __init__(self, client: Client, profile: str) -> None:
        self.client = client
        self.profile = profile
        self.max_ip, self.max_subnets = LIMITS[profile]
        self.statement = check_statement(client.describe())

    def reset(self) -> None:
        on = [{"id": name, "serviceEndpoints": ["Microsoft.KeyVault"]} for name in (FRONT, *LOOK_ALIKES, *MANY)]
        self.client.reset([*on, {"id": BARE, "serviceEndpoints": ["Microsoft.Storage", "microsoft.keyvault"]}])

    def put(
        self,
        ips: Sequence[object] = (),
        subnets: Sequence[object] = (),
        *,
        bypass: object = "None",
        action: object = "Deny",
    ) -> bool:
        acls = {
            "bypass": bypass,
            "defaultAction": action,
            "ipRules": [{"value": value} for value in ips],
            "virtualNetworkRules": [{"id": value} for value in subnets],
        }
        return self.raw_put(acls)

    def raw_put(self, acls: JsonObject) -> bool:
        return self.client.write("putRules", {"networkAcls": acls}).is_accepted

    def write(self, method: str, **params: object) -> bool:
        return self.client.write(method, params).is_accepted

    def outcomes(self, *requests: JsonObject) -> str:
        """One letter a request: a for allow, d for deny."""
        return "".join(decision.outcome[0] for decision in self.client.decide(requests))

    def lets_in(self, address: str) -> bool:
        return self.outcomes(data(address)) == "a"

    def reads(self) -> JsonObject:
        acls = self.client.get_rules()
        if acls is None:
            return {"bypass": "AzureServices", "action": "Allow", "ips": [], "subnets": []}
        return {
            "bypass": acls.bypass,
            "action": acls.default_action,
            "ips": sorted(rule.value.removesuffix("/32") for rule in acls.ip_rules or []),
            "subnets": sorted(rule.id.lower() for rule in acls.virtual_network_rules or []),
        }


def data(
    address: str, *, via: str | None = None, operation: str = "SecretGet", caller: JsonObject | None = None
) -> dict[str, object]:
    request: dict[str, object] = {"plane": "data", "operation": operation, "source": {"address": address}}
    if via is not None:
        request["source"] = {"address": address, "subnet": via}
    return request if caller is None else request | {"caller": caller}


def control(address: str, operation: str = "VaultList", *, caller: JsonObject | None = None) -> dict[str, object]:
    return data(address, operation=operation, caller=caller) | {"plane": "control"}


def trusted(vault: Vault) -> dict[str, object]:
    return {"service": "Azure Backup"} | ({"trusted": True} if vault.profile == TODAY else {})


def open_peer(name: str, profile: str, harnesses: dict[str, Child]) -> Client:
    if name == "my_vault":
        return Client(harnesses[profile])
    subject = getattr(peers, name)(profile=profile)
    return Client(InProcess(subject))


def addresses(count: int) -> list[str]:
    return [f"20.{number // 250}.{number % 250}.9" for number in range(count)]
