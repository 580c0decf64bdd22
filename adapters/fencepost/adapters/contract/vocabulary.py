"""The words of the contract: features, choices at open points, operation names and the endpoint that counts."""

import json
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType

PROTOCOL = 1
"""The version of the contract that this kit speaks."""

SERVICE_ENDPOINT = "Microsoft.KeyVault"
"""The one service endpoint that counts, letter for letter."""

MAX_BATCH = 4096
"""The most requests that one `decide` call carries."""

MAX_SETTLE_SECONDS = 900
"""The longest settle time that a statement may declare: the fifteen minutes of the announcement."""

MAX_NAME, MAX_TEXT, MAX_FEATURES, MAX_RULES_READ = 200, 2_000, 64, 10_000
"""How long a name or a version may be, how much of a reason or message is kept, how many features a statement may
have, and how many rules `getRules` may answer."""

MAX_LINE = 16 * 1024 * 1024
"""The longest answer, in bytes, that a harness may give."""

FEATURES: Mapping[str, str] = MappingProxyType(
    {
        "read-back": "getRules",
        "incremental-rules": "updateRules, addIpRule, removeIpRule, addVirtualNetworkRule, removeVirtualNetworkRule",
        "service-endpoints": "which subnets have the endpoint is modelled; setServiceEndpoints",
        "trusted-services": "callers that are Microsoft services are known",
        "caller-credentials": "`authenticated` and `authorized` are judged",
        "decision-codes": "`status` and `code` of a denial",
        "snapshot-isolation": "putRules and decide may be called concurrently",
        "azure-wire": "getRules shows the rules in the form in which Azure's wire shows them",
        "data-plane-only": "answers no control-plane request",
        "ip-rules-only": "knows no subnets",
        "decisions-only": "enforces rule sets that something else has validated",
        "always-deny": "has no default action: what nothing lets in is denied, always",
    }
)
"""Each feature that a statement may declare, and what it promises."""

CONTRADICTIONS: tuple[tuple[str, str, str], ...] = (
    ("ip-rules-only", "service-endpoints", "an implementation without subnets has no service endpoints"),
)
"""Pairs of features that no implementation can have together, and why."""

CONTRADICTED_CHOICES: tuple[tuple[str, str, str, str], ...] = (
    ("always-deny", "default-of-default-action", "Allow", "an implementation without a default action has no Allow"),
)
"""Features that leave an answer to an open point out: the feature, the key, the answer, and why."""

CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        key: tuple(answers)
        for key, answers in json.loads((files(__package__) / "choices.json").read_text(encoding="utf-8")).items()
    }
)
"""Each point that the specification leaves open and the answers that a statement may declare.

`reserved-ranges` may also be an object of block to answer, the blocks being `RESERVED_BLOCKS`. The contract imports
nothing, so `.ci/generate` writes the file from the reference's table.
"""

RESERVED_BLOCKS: tuple[str, ...] = (
    "0.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
"""The reserved blocks that the choice `reserved-ranges` answers for."""

_OBJECT_OPERATIONS = (
    "Get List ListVersions Update Delete Purge Backup Restore Recover GetDeleted ListDeleted".split()  # noqa: SIM905
)

CONTROL_OPERATIONS: tuple[str, ...] = (
    "VaultGet",
    "VaultList",
    "VaultPut",
    "VaultPatch",
    "VaultDelete",
    "VaultPurge",
    "VaultRecover",
    "VaultGetDeleted",
    "VaultListDeleted",
    "VaultAccessPolicySet",
    "VaultNetworkRuleSet",
)
"""The control-plane operation names that a request may carry.

Those of Key Vault's log as listed in December 2020 (four are gone from today's page); the last two are the kit's own.
"""

DATA_OPERATIONS: tuple[str, ...] = (
    *(f"{kind}{operation}" for kind in ("Key", "Secret", "Certificate") for operation in _OBJECT_OPERATIONS),
    "KeyCreate",
    "KeyImport",
    "KeySign",
    "KeyVerify",
    "KeyWrap",
    "KeyUnwrap",
    "KeyEncrypt",
    "KeyDecrypt",
    "SecretSet",
    "CertificateCreate",
    "CertificateImport",
)
"""The data-plane operation names that a request may carry."""
