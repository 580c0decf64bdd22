"""The announcement's commands, run by the real azure-cli against `fencepost serve`; what the client sends and drops.

    python conformance/benchmarks/azure_cli.py --az ENVIRONMENT/bin/az --out docs/azure-cli.md

`az` is installed apart (`python -m venv ENVIRONMENT && ENVIRONMENT/bin/pip install azure-cli`, 0.7 GB); this program
takes the extras serve and azure. It ends with 1 where a command of the announcement fails, or leaves a vault unlike
the announced one.
"""

import argparse
import asyncio
import datetime as dt
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import certifi
from azure.core.exceptions import HttpResponseError
from fencepost.adapters.azure.target import TargetFile, load_target
from fencepost.adapters.azure_client.clients import context_for, open_clients
from fencepost.adapters.azure_client.conveying import CALLER, Conveyed
from fencepost.adapters.azure_client.data_calls import CALLS
from fencepost.adapters.azure_server.background import Running, running
from fencepost.adapters.azure_server.server import Options

_GROUP, _VAULT, _SECOND, _NETWORK, _SUBNET = "ContosoGroup", "contoso-vault", "contoso-2", "ContosoNet", "Default"
_HERE, _OTHER = (f"--resource-group {_GROUP} --name {vault}" for vault in (_VAULT, _SECOND))
_THERE = f"--resource-group {_GROUP} --vnet-name {_NETWORK} --name {_SUBNET}"
_BEFORE = (
    f"az group create --name {_GROUP} --location westeurope",
    f"az network vnet create --resource-group {_GROUP} --name {_NETWORK} --subnet-name {_SUBNET}",
    f"az keyvault create {_HERE} --location westeurope",
)
_ANNOUNCED = (
    f"az keyvault network-rule list {_HERE}",
    f'az network vnet subnet update {_THERE} --service-endpoints "Microsoft.KeyVault"',
    f"subnetid=$(az network vnet subnet show {_THERE} --query id --output tsv)",
    f"az keyvault network-rule add {_HERE} --subnet $subnetid",
    f'az keyvault network-rule add {_HERE} --ip-address "191.10.18.0/24"',
    f"az keyvault update {_HERE} --bypass AzureServices",
    f"az keyvault update {_HERE} --default-action Deny",
)
_TODAY = (
    f"az keyvault network-rule add {_HERE} --ip-address 1.2.3.4",
    f'az keyvault network-rule remove {_HERE} --ip-address "1.2.3.4/32"',
    f"az keyvault create {_OTHER} --location westeurope --network-acls-ips 191.10.18.0/24 1.2.3.4",
)
_PROBES = (
    f"az keyvault network-rule add {_OTHER} --ip-address 191.10.18.0/24",
    f"az keyvault network-rule add {_OTHER} --ip-address 1.2.3.4",
    f"az keyvault network-rule add {_OTHER} --ip-address 20.1.2.3/24",
    f"az keyvault network-rule add {_OTHER} --ip-address 20.1.2.2/31",
    f"az keyvault network-rule add {_OTHER} --ip-address 10.0.0.0/8",
    f"az keyvault network-rule add {_OTHER} --ip-address 2001:db8::/32",
    f"az keyvault network-rule add {_OTHER} --ip-address 20.1.2.256",
    f'az keyvault network-rule add {_OTHER} --ip-address " 20.1.2.3"',
    f"az keyvault network-rule remove {_OTHER} --ip-address 99.0.0.1",
    f"az keyvault network-rule remove {_OTHER} --ip-address 1.2.3.4",
    f"az keyvault network-rule add {_OTHER} --vnet-name {_NETWORK} --subnet {_SUBNET}",
    f"az keyvault network-rule add {_OTHER} --subnet ${{subnetid^^}}",
    f"az keyvault update {_OTHER} --default-action Deny --bypass None",
)
_LEFT = {"bypass": "AzureServices", "defaultAction": "Deny", "ipRules": [{"value": "191.10.18.0/24"}]}
_CALLERS = (
    ("the first address of the range", Conveyed(address="191.10.18.0"), True),
    ("the last address of the range", Conveyed(address="191.10.18.255"), True),
    ("the address after it", Conveyed(address="191.10.19.0"), False),
    ("the subnet", Conveyed(address="10.0.0.4", subnet="its id"), True),
    ("a trusted service from elsewhere", Conveyed(address="99.0.0.1", service="Azure Backup", trusted=True), True),
)
_REQUEST = re.compile(
    r"^(\w+) '([^']*)' from [^:]*: .*?(\d{3})(?: ([A-Za-z]\w*))?(?: by .*?)?(?: wrote (.*)| did not write .*)?$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One command: its exit status, the last line on stderr, and the requests that reached the server."""

    command: str
    status: int
    message: str
    requests: tuple[str, ...]
    wrote: str
    refused: str

    @property
    def effect(self) -> str:
        """What the command did, in a few words."""
        sends = any(one.startswith("PUT") for one in self.requests)
        if self.status and not self.refused:
            return "refused by the client"
        if not sends and any(word in self.command for word in (" add ", " remove ")):
            return "dropped by the client: nothing is written"
        if self.refused:
            return f"refused by the server: `{self.refused}`"
        return f"wrote `{self.wrote}`" if self.wrote else "sent" if sends else "nothing is written"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run everything; 0 where the announcement's commands leave the vault as they say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--az", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, _session(Path(folder), asked.az) as (server, environment):
        target = load_target(Path(folder, "t.toml"))
        before = [_run(one, server, environment) for one in _BEFORE]
        announced = [_run(one, server, environment) for one in _ANNOUNCED]
        found = asyncio.run(_check(target, environment["subnetid"]))
        later = [_run(one, server, environment) for one in (*_TODAY, *_PROBES)]
        version = subprocess.run([asked.az, "version"], env=environment, capture_output=True, check=True).stdout
    known = json.loads(version)["azure-cli"]
    failures = [one.command for one in (*before, *announced, *later[: len(_TODAY)]) if one.status]
    failures += [f"{who}: {came}" for who, came, is_right in found if not is_right]
    asked.out.write_text(_page(known, announced, found, later), encoding="utf-8")
    sys.stdout.write("".join(f"not as it should be: {one}\n" for one in failures) or "everything as announced\n")
    return int(bool(failures))


@contextmanager
def _session(folder: Path, az: Path) -> Iterator[tuple[Running, dict[str, str]]]:
    """A server, and an environment in which `az` takes it for its cloud."""
    options = Options(target=folder / "t.toml", trust_test_headers=True)
    with running(options) as server:
        bundle, cloud = folder / "bundle.pem", folder / "cloud.json"
        bundle.write_text(Path(certifi.where()).read_text("utf-8") + server.server.certificates, encoding="utf-8")
        control, login = server.server.world.control_url, server.server.world.login_url
        endpoints = {
            "resourceManager": f"{control}/",
            "activeDirectory": login,
            "activeDirectoryResourceId": "https://management.azure.com/",
            "management": "https://management.azure.com/",
            "microsoftGraphResourceId": login,
        }
        cloud.write_text(
            json.dumps({"endpoints": endpoints, "suffixes": {"keyvaultDns": ".vault.azure.net"}}), encoding="utf-8"
        )
        environment = {
            **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
            "PATH": f"{az.absolute().parent}:{os.environ['PATH']}",
            "AZURE_CONFIG_DIR": str(folder / "config"),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_ONLY_SHOW_ERRORS": "yes",
            "REQUESTS_CA_BUNDLE": str(bundle),
            "IDENTITY_ENDPOINT": server.server.identity_url,
            "IDENTITY_HEADER": "any",
        }
        for command in (
            f"az cloud register --name loop --cloud-config @{cloud} --skip-endpoint-discovery",
            "az cloud set --name loop",
            "az login --identity",
        ):
            done = _run(command, server, environment)
            if done.status:
                raise RuntimeError(f"{command}: {done.message}")
        yield server, environment


def _run(command: str, server: Running, environment: dict[str, str]) -> Ran:
    """Type the command into a shell; a variable that it sets is kept for those after it."""
    seen = len(server.log)
    name, is_set, _ = command.partition("=$(")
    typed = f'{command}\nstatus=$?; printf %s "${name}"; exit $status' if is_set else command
    done = subprocess.run(["bash", "-c", typed], env=environment, capture_output=True, text=True, check=False)
    if is_set:
        environment[name] = done.stdout
    found = [match for line in server.log[seen:] if (match := _REQUEST.match(line)) and "/msi/" not in match[2]]
    writes = [match for match in found if match[1] == "PUT"]
    return Ran(
        command=command,
        status=done.returncode,
        message=(done.stderr.strip().splitlines() or [""])[-1],
        requests=tuple(f"{match[1]} {match[3]}" for match in found),
        wrote=next((match[5] for match in writes if match[5]), ""),
        refused=next((match[4] or match[3] for match in writes if match[3][0] != "2"), ""),
    )


async def _check(target: TargetFile, subnet: str) -> list[tuple[str, str, bool]]:
    """What is read back and who is let in, asked by the clients of `azure:`."""
    sets = open_clients(target, context_for(target.endpoint))
    try:
        clients = sets.authorized
        vault = await clients.vaults.vaults.get(_GROUP, _VAULT)
        shown = vault.as_dict()["properties"]["networkAcls"]
        shown["virtualNetworkRules"] = [rule["id"] for rule in shown["virtualNetworkRules"]]
        wanted = {**_LEFT, "virtualNetworkRules": [subnet.lower()]}
        found = [("`networkAcls`", f"`{json.dumps(shown)}`", shown == wanted)]
        data = clients.reach(str(vault.properties.vault_uri))
        for who, caller, is_in in _CALLERS:
            CALLER.set(replace(caller, subnet=subnet) if caller.subnet else caller)
            try:
                await CALLS["SecretGet"](data)
                status = 200
            except HttpResponseError as error:
                status = error.status_code or 0
            CALLER.set(None)
            came = {404: "let in", 200: "let in", 403: "kept out"}.get(status, str(status))
            found.append((who, came, (came == "let in") is is_in))
        return found
    finally:
        await sets.close()


def _page(version: str, announced: Sequence[Ran], found: Sequence[tuple[str, str, bool]], later: Sequence[Ran]) -> str:
    today, probes = later[: len(_TODAY)], later[len(_TODAY) :]
    lines = [
        "# azure-cli against serve",
        "",
        f"What azure-cli {version} did against `fencepost serve` on {dt.datetime.now(dt.UTC):%Y-%m-%d}.",
        "`.ci/long` writes this page by the command at the head of",
        "[`azure_cli.py`](../conformance/benchmarks/azure_cli.py). *requests* are those in",
        "serve's log but for tokens; *effect* is what reached the server.",
        "",
        "## The announcement's commands",
        "",
        *_table(announced),
        "",
        "They leave the vault like this, asked by the clients of `azure:`:",
        "",
        "| asked | came | as announced |",
        "| --- | --- | --- |",
        *(f"| {who} | {came} | {'yes' if is_right else '**no**'} |" for who, came, is_right in found),
        "",
        "## Today's commands",
        "",
        *_table(today),
        "",
        "## What the client does by itself",
        "",
        "Each against the second vault, whose rules are then `191.10.18.0/24` and `1.2.3.4/32` under Allow.",
        "",
        *_table(probes),
    ]
    return "\n".join(lines) + "\n"


def _table(commands: Sequence[Ran]) -> Iterator[str]:
    yield "| command | status | requests | effect |"
    yield "| --- | --- | --- | --- |"
    for one in commands:
        message = f": {one.message}" if one.status and not one.refused else ""
        typed = " ".join(shlex.split(one.command.replace("`", ""), posix=False)).replace("|", "\\|")
        message = message.replace("|", "\\|")
        yield f"| `{typed}` | {one.status} | {', '.join(one.requests)} | {one.effect}{message} |"


if __name__ == "__main__":
    sys.exit(main())
