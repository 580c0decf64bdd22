"""The adapter `azure:FILE.toml`: any endpoint on Azure's wire, asked by Microsoft's own SDKs."""

from pathlib import Path

from fencepost.adapters.azure.target import TargetError, load_target
from fencepost.adapters.contract.faults import SubjectError
from fencepost.adapters.contract.protocol import Implementation

_SCHEMA = "Its form: `fencepost schema target`."


def open_adapter(args: str) -> Implementation:
    """The endpoint that the target file names, with a vault of our own; `SubjectError` in one line where that fails.

    Nothing is written before the endpoint has answered, its certificate is checked, and a token and the subscription
    have been read.
    """
    subject = f"azure:{args}"
    if not args:
        raise SubjectError(subject=subject, reason="no target file is named", try_instead="Write azure:FILE.toml.")
    try:
        target = load_target(Path(args))
    except TargetError as error:
        raise SubjectError(subject=subject, reason=str(error), try_instead=_SCHEMA) from None
    try:
        from fencepost.adapters.azure_client.adapter import AzureAdapter
    except ImportError as error:
        advice = 'Try: pip install "fencepost[azure]"'
        raise SubjectError(subject=subject, reason=f"{error.name} is not installed", try_instead=advice) from None
    try:
        return AzureAdapter.opened(target)
    except (TargetError, OSError) as error:
        raise SubjectError(subject=subject, reason=str(error), try_instead="Nothing was written.") from None
