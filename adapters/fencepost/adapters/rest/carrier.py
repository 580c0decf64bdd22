"""From `rest:FILE.toml` to a connection."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fencepost.adapters.contract.protocol import Connection, JsonObject, Timeouts
from fencepost.adapters.declared import loading
from fencepost.adapters.declared.adapter import DeclaredAdapter
from fencepost.adapters.declared.connection import DeclaredConnection
from fencepost.adapters.declared.engine import Shown
from fencepost.adapters.declared.methods import basic_methods
from fencepost.adapters.declared.reading import Broken
from fencepost.adapters.declared.secrets import Secrets
from fencepost.adapters.declared.statement import statement_maker
from fencepost.adapters.declared.texts import environment_names
from fencepost.adapters.rest.checks import mistakes_of
from fencepost.adapters.rest.engine import RestEngine
from fencepost.adapters.rest.sections import RestFile, Source
from fencepost.adapters.rest.single import SingleChanges
from fencepost.adapters.rest.spoofing import observations

_KIND = loading.Kind(carrier="rest", shape=RestFile, check=mistakes_of, extra=("read-back", "incremental-rules"))


def connect(address: str, *, timeouts: Timeouts) -> Connection:
    """The service that the file describes; `SubjectError` with every mistake of the file. Nothing is started yet."""
    return _connection(loading.load(address, _KIND), timeouts)


def connect_document(document: dict[str, Any], *, subject: str, folder: Path, timeouts: Timeouts) -> Connection:
    """The same for a file that has been read, and changed since."""
    return _connection(loading.checked(document, _KIND, subject=subject, folder=folder), timeouts)


def _connection(loaded: loading.Loaded[RestFile], timeouts: Timeouts) -> Connection:
    file, form, shown = loaded.file, loaded.form, Shown()
    engine = RestEngine(file, folder=loaded.folder, shown=shown)
    says = statement_maker(file, loaded.folder, engine.places, _how(file.decide.source))
    adapter = DeclaredAdapter(file, engine, form, lambda deadline: statement(deadline))
    statement = _with_observations(says, file.decide.source, adapter, engine)
    return DeclaredConnection(
        engine,
        {**basic_methods(adapter), **SingleChanges(file, adapter, engine, form).methods()},
        secrets=Secrets.of(environment_names(loaded.document)),
        shown=shown,
        bare_loop=adapter.bare_loop,
        timeouts=timeouts,
        exclusive=file.start is None,
    )


def file_schema() -> dict[str, object]:
    """The JSON Schema of a `rest:` file."""
    return loading.file_schema(RestFile, "fencepost adapter file of an HTTP service")


def _how(source: Source) -> str:
    if source.header is not None:
        hop = "" if source.hop == "only" else f", {source.hop} hop"
        return f"source in {source.header}{hop}"
    return f"source by PROXY protocol {source.proxy}" if source.proxy is not None else "source by bound address"


def _with_observations(
    says: Callable[[float], JsonObject], source: Source, adapter: DeclaredAdapter, engine: RestEngine
) -> Callable[[float], JsonObject]:
    """The statement, and with a header what a spoofed list of addresses does; the vault is new again after that."""
    if source.header is None:
        return says
    header = source.header

    def statement(deadline: float) -> JsonObject:
        made = says(deadline)
        try:
            found = observations(header, adapter, engine, deadline)
        except Broken as broken:
            found = {f"{header}: a spoofed list": f"could not be asked ({broken})"}
        adapter.reset((), deadline)
        return {**made, "observations": dict(found)}

    return statement
