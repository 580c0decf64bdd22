"""Each data operation of the contract as the SDK's own call, to objects that do not exist or whose names are taken."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from azure.core.exceptions import ResourceExistsError
from azure.core.rest import HttpRequest
from azure.keyvault.certificates import CertificatePolicy
from azure.keyvault.keys import JsonWebKey
from fencepost.adapters.azure_client.clients import DataClients, first_page

MISSING = "fencepost-missing"
"""A name that nothing has: reading, deleting and recovering it is a 404 once the gates are passed."""

TAKEN = "fencepost-taken"
"""The name of a deleted object of each kind: making or restoring it is a 409 once the gates are passed."""

Call = Callable[[DataClients], Awaitable[Any]]
Backups = Mapping[str, bytes]

_JWK = JsonWebKey(kty="RSA", n=b"\x01" * 256, e=b"\x01\x00\x01", key_ops=["sign"])
_CERTIFICATE = b"not a certificate: the name is taken before anybody looks"
_CRYPTOGRAPHY = MappingProxyType(
    {
        "KeySign": ("sign", {"alg": "RS256", "value": "AA"}),
        "KeyVerify": ("verify", {"alg": "RS256", "digest": "AA", "value": "AA"}),
        "KeyWrap": ("wrapkey", {"alg": "RSA-OAEP", "value": "AA"}),
        "KeyUnwrap": ("unwrapkey", {"alg": "RSA-OAEP", "value": "AA"}),
        "KeyEncrypt": ("encrypt", {"alg": "RSA-OAEP", "value": "AA"}),
        "KeyDecrypt": ("decrypt", {"alg": "RSA-OAEP", "value": "AA"}),
    }
)


def _use_key(verb: str, body: Mapping[str, str]) -> Call:
    # The SDK's CryptographyClient reads the key first, which would be another operation: hence its pipeline alone.
    async def call(clients: DataClients) -> None:
        response = await clients.keys.send_request(HttpRequest("POST", f"/keys/{MISSING}/1/{verb}", json=dict(body)))
        response.raise_for_status()

    return call


CALLS: Mapping[str, Call] = MappingProxyType(
    {
        "SecretGet": lambda to: to.secrets.get_secret(MISSING),
        "SecretList": lambda to: first_page(to.secrets.list_properties_of_secrets()),
        "SecretListVersions": lambda to: first_page(to.secrets.list_properties_of_secret_versions(MISSING)),
        "SecretSet": lambda to: to.secrets.set_secret(TAKEN, "x"),
        "SecretUpdate": lambda to: to.secrets.update_secret_properties(MISSING),
        "SecretDelete": lambda to: to.secrets.delete_secret(MISSING),
        "SecretPurge": lambda to: to.secrets.purge_deleted_secret(MISSING),
        "SecretBackup": lambda to: to.secrets.backup_secret(MISSING),
        "SecretRecover": lambda to: to.secrets.recover_deleted_secret(MISSING),
        "SecretGetDeleted": lambda to: to.secrets.get_deleted_secret(MISSING),
        "SecretListDeleted": lambda to: first_page(to.secrets.list_deleted_secrets()),
        "KeyGet": lambda to: to.keys.get_key(MISSING),
        "KeyList": lambda to: first_page(to.keys.list_properties_of_keys()),
        "KeyListVersions": lambda to: first_page(to.keys.list_properties_of_key_versions(MISSING)),
        "KeyCreate": lambda to: to.keys.create_rsa_key(TAKEN, size=2048),
        "KeyImport": lambda to: to.keys.import_key(TAKEN, _JWK),
        "KeyUpdate": lambda to: to.keys.update_key_properties(MISSING),
        "KeyDelete": lambda to: to.keys.delete_key(MISSING),
        "KeyPurge": lambda to: to.keys.purge_deleted_key(MISSING),
        "KeyBackup": lambda to: to.keys.backup_key(MISSING),
        "KeyRecover": lambda to: to.keys.recover_deleted_key(MISSING),
        "KeyGetDeleted": lambda to: to.keys.get_deleted_key(MISSING),
        "KeyListDeleted": lambda to: first_page(to.keys.list_deleted_keys()),
        **{name: _use_key(verb, body) for name, (verb, body) in _CRYPTOGRAPHY.items()},
        "CertificateGet": lambda to: to.certificates.get_certificate(MISSING),
        "CertificateList": lambda to: first_page(to.certificates.list_properties_of_certificates()),
        "CertificateListVersions": lambda to: first_page(
            to.certificates.list_properties_of_certificate_versions(MISSING)
        ),
        "CertificateCreate": lambda to: to.certificates.create_certificate(TAKEN, CertificatePolicy.get_default()),
        "CertificateImport": lambda to: to.certificates.import_certificate(TAKEN, _CERTIFICATE),
        "CertificateUpdate": lambda to: to.certificates.update_certificate_properties(MISSING),
        "CertificateDelete": lambda to: to.certificates.delete_certificate(MISSING),
        "CertificatePurge": lambda to: to.certificates.purge_deleted_certificate(MISSING),
        "CertificateBackup": lambda to: to.certificates.backup_certificate(MISSING),
        "CertificateRecover": lambda to: to.certificates.recover_deleted_certificate(MISSING),
        "CertificateGetDeleted": lambda to: to.certificates.get_deleted_certificate(MISSING),
        "CertificateListDeleted": lambda to: first_page(to.certificates.list_deleted_certificates()),
    }
)
"""Each operation that needs no backup, and its call."""


def restores(backups: Backups) -> Mapping[str, Call]:
    """The operations that put a backup back: of an object whose name is taken by its deleted self."""
    return {
        "SecretRestore": lambda to: to.secrets.restore_secret_backup(backups["secret"]),
        "KeyRestore": lambda to: to.keys.restore_key_backup(backups["key"]),
        "CertificateRestore": lambda to: to.certificates.restore_certificate_backup(backups["certificate"]),
    }


NEEDS_TAKEN_NAMES = frozenset(
    {
        *("SecretSet", "KeyCreate", "KeyImport", "CertificateCreate", "CertificateImport"),
        *("SecretRestore", "KeyRestore", "CertificateRestore"),
    }
)
"""The operations that are asked only where a name could be taken first."""


_MADE_BY = {"secret": "SecretSet", "key": "KeyCreate", "certificate": "CertificateCreate"}
"""Each kind of object, and the operation that makes an object of the taken name."""


async def take_names(to: DataClients) -> Backups:
    """Make one object of each kind, back it up and delete it; the backups. A name that is taken already will do."""
    backups: dict[str, bytes] = {}
    for kind, made_by in _MADE_BY.items():
        client = getattr(to, f"{kind}s")
        try:
            await CALLS[made_by](to)
        except ResourceExistsError:
            continue
        backups[kind] = await getattr(client, f"backup_{kind}")(TAKEN)
        await getattr(client, f"delete_{kind}")(TAKEN)
    return backups
