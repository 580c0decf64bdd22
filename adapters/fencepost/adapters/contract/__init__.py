"""The adapter contract, version 1: messages, protocols, faults and subject strings. It imports nothing of the kit."""

from fencepost.adapters.contract.client import Client
from fencepost.adapters.contract.faults import (
    Crashed,
    HarnessFault,
    MalformedResult,
    NotJson,
    NotStarted,
    RpcError,
    StatementError,
    SubjectError,
    TimedOut,
    WrongId,
    shorten,
)
from fencepost.adapters.contract.messages import METHODS, Decision, NetworkAcls, Statement, WriteResult
from fencepost.adapters.contract.protocol import (
    Adapter,
    Carrier,
    Connection,
    FactoryCarrier,
    HasBareLoop,
    Implementation,
    JsonObject,
    Shareable,
    ShownMapping,
    ShowsMappings,
    Timeouts,
)
from fencepost.adapters.contract.schema import contract_schema
from fencepost.adapters.contract.statement import check_statement
from fencepost.adapters.contract.subjects import (
    adapters,
    carriers,
    check_form,
    engines,
    open_factory,
    open_subject,
)

__all__ = [
    "METHODS",
    "Adapter",
    "Carrier",
    "Client",
    "Connection",
    "Crashed",
    "Decision",
    "FactoryCarrier",
    "HarnessFault",
    "HasBareLoop",
    "Implementation",
    "JsonObject",
    "MalformedResult",
    "NetworkAcls",
    "NotJson",
    "NotStarted",
    "RpcError",
    "Shareable",
    "ShownMapping",
    "ShowsMappings",
    "Statement",
    "StatementError",
    "SubjectError",
    "TimedOut",
    "Timeouts",
    "WriteResult",
    "WrongId",
    "adapters",
    "carriers",
    "check_form",
    "check_statement",
    "contract_schema",
    "engines",
    "open_factory",
    "open_subject",
    "shorten",
]
