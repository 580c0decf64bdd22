"""What holds resources: the rows of a list, the changes of a what-if result, the properties of a resource."""

from collections.abc import Mapping

from fencepost.conformance.rule_files.members import member


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
