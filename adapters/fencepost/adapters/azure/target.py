"""The target file: where an endpoint on Azure's wire is, who asks it, how a caller is conveyed, what it promises."""

import json
import os
import tempfile
from pathlib import Path
from typing import Literal

import msgspec
from fencepost.adapters.contract.toml_text import toml_from
from fencepost.adapters.mistakes import listed, mistakes_in
from fencepost.adapters.text_file import text_of

AddressBy = Literal["header", "bound", "proxy-v2"]


class _Table(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True, forbid_unknown_fields=True):
    """One table of the file; a member that nobody knows is a mistake."""


class Endpoint(_Table, frozen=True, kw_only=True):
    """Where the endpoint is. `ca` is a PEM file, beside this one; without `login` it is Azure's own.

    `vault` is the name that the vault gets, else one is made up; `resource_group` must exist already.
    """

    control: str
    tenant: str
    subscription: str
    resource_group: str
    location: str = "westeurope"
    login: str | None = None
    ca: str | None = None
    vault: str | None = None
    control_audience: str = "https://management.azure.com/"
    data_audience: str = "https://vault.azure.net"

    @property
    def control_scope(self) -> str:
        """What a token for the control plane is asked for."""
        return f"{self.control_audience.rstrip('/')}/.default"


class Identity(_Table, frozen=True, kw_only=True):
    """Who asks: a service principal whose secret stands in an environment variable, or what azure-identity finds.

    `checks_secret` is false for an endpoint that takes any; a secret itself cannot be written here.
    """

    client_id: str | None = None
    secret_env: str | None = None
    checks_secret: bool = True


class Identities(_Table, frozen=True, kw_only=True):
    """A principal with every permission, and one with none; without the latter no permission is judged."""

    authorized: Identity = Identity()
    unauthorized: Identity | None = None


class CallerHeaders(_Table, frozen=True, kw_only=True):
    """The headers that convey a caller; an absent one cannot be conveyed."""

    address: str | None = None
    subnet: str | None = None
    service: str | None = None
    trusted: str | None = None


class CallerTable(_Table, frozen=True, kw_only=True):
    """How the source address reaches the endpoint, and by which headers the rest does.

    With `proxy-v2` the rest is conveyed by values of its header where `proxy_values` is true.
    """

    address: AddressBy
    headers: CallerHeaders = CallerHeaders()
    proxy_values: bool = False

    @property
    def conveys_subnets(self) -> bool:
        """Whether a caller's subnet can reach the endpoint."""
        return self.headers.subnet is not None or self._by_values

    @property
    def conveys_services(self) -> bool:
        """Whether a calling service can reach the endpoint."""
        return self.headers.service is not None or self._by_values

    @property
    def conveys_trust(self) -> bool:
        """Whether it can reach the endpoint that a service is trusted for the scenario."""
        return self.headers.trusted is not None or self._by_values

    @property
    def _by_values(self) -> bool:
        return self.address == "proxy-v2" and self.proxy_values


class StatementTable(_Table, frozen=True, kw_only=True):
    """What the endpoint promises: see the conformance statement; `without` are features that it does not have."""

    name: str = "Azure Key Vault"
    version: str = "unknown"
    profile: str = "keyvault"
    without: list[str] = []
    restrictions: list[str] = []
    choices: dict[str, object] = {}
    settle_seconds: float = 0.0


class TargetFile(_Table, frozen=True, kw_only=True):
    """The whole file. `reset` is `recreate` where a deleted vault is gone, `reuse` where its name is kept."""

    endpoint: Endpoint
    caller: CallerTable
    identities: Identities = Identities()
    statement: StatementTable = StatementTable()
    reset: Literal["recreate", "reuse"] = "recreate"


class TargetError(ValueError):
    """The file cannot be read, or says what cannot be: the path in it, what was expected."""


def load_target(path: Path) -> TargetFile:
    """The file's content, `ca` made a path that can be opened; `TargetError` with every mistake in it."""
    try:
        document = toml_from(text_of(path))
    except OSError as error:
        raise TargetError(f"{path}: {error.strerror or error}") from None
    except ValueError as error:
        raise TargetError(f"{path}: {error}") from None
    except RecursionError:
        raise TargetError(f"{path}: nested too deep") from None
    found = list(mistakes_in(document, TargetFile))
    if found:
        raise TargetError(f"{path}: {found[0] if len(found) == 1 else listed(found)}")
    target = msgspec.convert(document, TargetFile)
    if target.endpoint.ca is None:
        return target
    ca = path.parent / target.endpoint.ca
    return msgspec.structs.replace(target, endpoint=msgspec.structs.replace(target.endpoint, ca=str(ca)))


def save_target(target: TargetFile, path: Path) -> None:
    """Write the file in one step: nobody ever reads half of it."""
    tables = msgspec.to_builtins(target)
    plain = {name: value for name, value in tables.items() if not isinstance(value, dict)}
    lines = [*_members(plain), *(line for name, table in tables.items() for line in _table(name, table))]
    write_atomically(path, "\n".join(lines) + "\n")


def write_atomically(path: Path, text: str) -> None:
    """The text in a file of that name, whole or not at all."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    Path(file.name).replace(path)


def remove_target(path: Path) -> None:
    """Remove a file of ours, which may be gone already."""
    path.unlink(missing_ok=True)


def target_schema() -> dict[str, object]:
    """The JSON Schema of the file."""
    (schema,), definitions = msgspec.json.schema_components(
        [TargetFile], schema_hook=lambda _: {"description": "any value"}, ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "fencepost target file: an endpoint on Azure's wire",
        **schema,
        "$defs": definitions,
    }


def environment(name: str) -> str:
    """A secret from the environment; `TargetError` where it is not set."""
    value = os.environ.get(name)
    if not value:
        raise TargetError(f"the environment variable {name} is not set")
    return value


def _members(table: dict[str, object]) -> list[str]:
    return [f"{_key(name)} = {_value(value)}" for name, value in table.items()]


def _table(name: str, value: object) -> list[str]:
    if not isinstance(value, dict):
        return []
    plain = {key: member for key, member in value.items() if not isinstance(member, dict)}
    nested = {key: member for key, member in value.items() if isinstance(member, dict)}
    return [
        "",
        f"[{name}]",
        *_members(plain),
        *(line for key in nested for line in _table(f"{name}.{_key(key)}", nested[key])),
    ]


def _key(name: str) -> str:
    return name if name.replace("-", "").isalnum() and name.isascii() else json.dumps(name)


def _value(value: object) -> str:
    # Strings, numbers, booleans and lists of them are written alike in TOML and in JSON.
    return json.dumps(value)
