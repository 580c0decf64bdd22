"""What holds resources: the rows of a list, the changes of a what-if result, the properties of a resource."""

import re
from collections.abc import Iterator, Mapping

from fencepost.conformance.rule_files.members import member, misspelt


def properties_of(body: Mapping[str, object]) -> Mapping[str, object]:
    """The properties of a resource; none where they are no object."""
    properties = member(body, "properties")
    return properties if isinstance(properties, Mapping) else {}


def rows_of(data: object) -> object:
    """The rows of a Resource Graph answer as objects; its older form is a table of columns and rows."""
    if isinstance(data, Mapping) and isinstance(data.get("columns"), list) and isinstance(data.get("rows"), list):
        names = [str(column.get("name")) for column in data["columns"] if isinstance(column, Mapping)]
        return [dict(zip(names, row, strict=False)) for row in data["rows"] if isinstance(row, list)]
    return data


def changes_of(value: Mapping[str, object]) -> object:
    """The changes that a what-if result predicts, as the Azure CLI prints them or as the service does."""
    return value["changes"] if "changes" in value else properties_of(value).get("changes")


_CHANGE = ("changeType", "resourceId", "before", "after")
_BESIDE = ("delta", "unsupportedReason", "deploymentId", "symbolicName", "identifiers", "extension")


def misspelt_in_changes(value: object) -> Iterator[str]:
    """What is wrong with the names of members in the changes of a what-if result."""
    changes = changes_of(value) if isinstance(value, Mapping) else None
    inside = "" if isinstance(value, Mapping) and "changes" in value else ".properties"
    for index, change in enumerate(changes if isinstance(changes, list) else ()):
        yield from misspelt(change, f"${inside}.changes[{index}]", _CHANGE, beside=_BESIDE)


_BELOW_PROVIDER = re.compile(r".*/providers/([^/]+)/([^/]+)/[^/]+((?:/[^/]+/[^/]+)*)", re.IGNORECASE | re.DOTALL)


def kind_of(body: Mapping[str, object]) -> str:
    """The type of a resource in lower case, by what a client calls it; where it has none, the type that its id names.

    >>> kind_of({"id": "/subscriptions/s/providers/Microsoft.KeyVault/vaults/v/secrets/x"})
    'microsoft.keyvault/vaults/secrets'
    """
    for name in ("type", "resourceType"):
        written = member(body, name)
        if written is not None:
            return str(written).lower()
    for name in ("id", "resourceId"):
        found = _BELOW_PROVIDER.fullmatch(str(member(body, name)))
        if found is not None:
            below = found[3].split("/")[1::2]
            return "/".join((found[1], found[2], *below)).lower()
    return ""
