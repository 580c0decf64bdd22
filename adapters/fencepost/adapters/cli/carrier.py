"""From `cli:FILE.toml` to a connection."""

from fencepost.adapters.cli.checks import mistakes_of
from fencepost.adapters.cli.engine import CliEngine
from fencepost.adapters.cli.sections import CliFile
from fencepost.adapters.contract.protocol import Connection, Timeouts
from fencepost.adapters.declared import loading
from fencepost.adapters.declared.adapter import DeclaredAdapter
from fencepost.adapters.declared.connection import DeclaredConnection
from fencepost.adapters.declared.engine import Shown
from fencepost.adapters.declared.methods import basic_methods
from fencepost.adapters.declared.secrets import Secrets
from fencepost.adapters.declared.statement import statement_maker
from fencepost.adapters.declared.texts import environment_names


def connect(address: str, *, timeouts: Timeouts) -> Connection:
    """The tool that the file describes; `SubjectError` with every mistake of the file. Nothing is started yet."""
    loaded = loading.load(address, loading.Kind(carrier="cli", shape=CliFile, check=mistakes_of))
    file, shown = loaded.file, Shown()
    engine = CliEngine(file, folder=loaded.folder, shown=shown)
    adapter = DeclaredAdapter(file, engine, loaded.form, statement_maker(file, loaded.folder, engine.places))
    return DeclaredConnection(
        engine,
        basic_methods(adapter),
        secrets=Secrets.of(environment_names(loaded.document)),
        shown=shown,
        bare_loop=adapter.bare_loop,
        timeouts=timeouts,
        exclusive=False,
    )


def file_schema() -> dict[str, object]:
    """The JSON Schema of a `cli:` file."""
    return loading.file_schema(CliFile, "fencepost adapter file of a command-line tool")
