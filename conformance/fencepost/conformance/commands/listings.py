"""`fencepost clauses`, `fencepost subjects` and `fencepost profiles`: lists of what is installed."""

import dataclasses
import inspect
from collections.abc import Iterable, Mapping
from importlib.metadata import EntryPoint
from types import MappingProxyType

import click
from fencepost.adapters.contract import adapters, carriers, engines
from fencepost.conformance.catalogue import Clause, catalogue
from fencepost.conformance.commands.console import show, show_json, table
from fencepost.conformance.commands.sources_page import sources_page
from fencepost.conformance.mutants import CATALOGUE
from fencepost.reference import Profile, load_profile, profile_names
from fencepost.reports.visible import visible
from rich.text import Text

_CARRIERS = MappingProxyType(
    {
        "stdio": ("stdio:COMMAND ARGS…", "a program that answers one line of JSON for each that it reads"),
        "cli": ("cli:FILE.toml", "a command-line tool that knows nothing of the kit, adapted by a file"),
        "rest": ("rest:FILE.toml", "an HTTP service that knows nothing of the kit, adapted by a file"),
        "http": ("http://HOST[:PORT]/PATH", "a server that answers each POST with JSON"),
        "https": ("https://HOST[:PORT]/PATH", "an HTTP server over TLS"),
        "library": ("library:PACKAGE.MODULE:NAME", "a Python object, or a class or factory of one"),
    }
)


@click.command()
@click.option(
    "--group",
    "groups",
    multiple=True,
    type=click.Choice(list(catalogue().groups)),
    help="Only this group; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with since, needs, notes and sources.")
@click.option("--sources", "as_page", is_flag=True, help="As the Markdown page that says where each clause comes from.")
def clauses(*, groups: tuple[str, ...], as_json: bool, as_page: bool) -> None:
    """List the clauses of the catalogue: id, level, what each promises, what it needs of a subject, and its basis."""
    if as_page:
        if groups or as_json:
            raise click.UsageError("--sources prints the page of all clauses; it takes neither --group nor --json")
        click.echo(sources_page(catalogue()), nl=False)
        return
    if as_json:
        listed = (clause for clause in catalogue().clauses if not groups or clause.group in groups)
        show_json([_clause_as_json(clause) for clause in listed])
        return
    rows: list[tuple[str | Text, ...]] = []
    for group, of_group in catalogue().groups.items():
        if not groups or group in groups:
            rows.append((Text(group, style="bold"),))
            rows += [(f"  {clause.id}", clause.level, clause.basis, _promise(clause)) for clause in of_group]
    show(table(("clause", "level", "basis", "promise"), rows))


def _clause_as_json(clause: Clause) -> dict[str, object]:
    return {
        "id": clause.id,
        "since": clause.since,
        "level": clause.level,
        "group": clause.group,
        "text": clause.text,
        "note": clause.note,
        "needs": clause.needs,
        "basis": clause.basis,
        "source": clause.source,
    }


def _promise(clause: Clause) -> Text:
    promise = Text(clause.text)
    return promise.append(f"  [needs {', '.join(clause.needs)}]", style="dim") if clause.needs else promise


_ADAPTERS = MappingProxyType(
    {
        "cedar": ("cedar[:PROFILE]", "the Cedar policy engine, in this process"),
        "nginx": ("nginx[:anyip|proxy]", "the nginx web server, asked from any source address"),
        "reference": ("reference[:PROFILE]", "the reference itself: what the specification means"),
        "mutant": ("mutant:ID[+ID]", "a vault with one flaw (--mutants lists them), or with several"),
    }
)


@click.command()
@click.option("--mutants", is_flag=True, help="List the mutants: vaults with one flaw each.")
def subjects(*, mutants: bool) -> None:
    """List the forms of a subject string: carriers for your own harness, installed adapters, engines and libraries."""
    if mutants:
        flawed = [(f"mutant:{one.id}", one.clause, one.story) for one in CATALOGUE.values()]
        show(table(("subject", "breaks", "how it comes about"), flawed))
        return
    rows: list[tuple[str | Text, ...]] = [(Text("carriers", style="bold"),), *_rows(carriers(), _CARRIERS)]
    rows += [(Text("adapters", style="bold"),), *_rows(adapters(), _ADAPTERS)]
    rows += [(Text("engines and libraries, by adapter files", style="bold"),), *_engine_rows()]
    show(table(("subject", "what it is"), rows))


def _engine_rows() -> Iterable[tuple[str | Text, ...]]:
    """Each adapter file that is a subject by name, with the comment that it begins with."""
    for name, path in sorted(engines().items()):
        with path.open(encoding="utf-8") as file:
            yield f"  {name}", Text(visible(file.readline().strip("# \n")))


def _rows(points: Mapping[str, EntryPoint], shipped: Mapping[str, tuple[str, str]]) -> Iterable[tuple[str | Text, ...]]:
    for name, point in sorted(points.items()):
        form, summary = shipped.get(name, (name, ""))
        yield f"  {form}", _summary(point, summary)


def _summary(point: EntryPoint, summary: str) -> Text:
    """The summary, or the first line of the entry point's docstring; if it does not load, the reason."""
    try:
        target = point.load()
    except Exception as error:  # The adapter of a third party may fail in any way.
        return Text(visible(f"cannot be loaded: {type(error).__name__}: {error}"), style="yellow")
    first, _, _ = (inspect.getdoc(target) or "").partition("\n")
    return Text(visible(summary or first or point.value))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, with services and choices.")
def profiles(*, as_json: bool) -> None:
    """List the shipped profiles: the limits, the prefixes and the services of each edition of the specification."""
    loaded = [load_profile(name) for name in profile_names()]
    if as_json:
        show_json([_as_json(profile) for profile in loaded])
        return
    rows = [
        (
            profile.name,
            str(profile.max_ip_rules),
            str(profile.max_virtual_network_rules),
            f"{profile.prefix_31}, {profile.prefix_32}",
            str(len(profile.trusted_services)),
            profile.title,
        )
        for profile in loaded
    ]
    show(table(("profile", "IP rules", "VNet rules", "/31, /32", "services", "what it is"), rows))


def _as_json(profile: Profile) -> dict[str, object]:
    services = [dataclasses.asdict(service) for service in profile.services]
    plain = {field.name: getattr(profile, field.name) for field in dataclasses.fields(profile)}
    return {**plain, "services": services, "choices": dict(profile.choices)}
