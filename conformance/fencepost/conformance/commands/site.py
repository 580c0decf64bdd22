"""The sources of the documentation site: `python -m fencepost.conformance.commands.site DIR`, in a clone.

`mkdocs build --strict -f DIR/mkdocs.yml` makes the site of them, without a network. The pages are those of `docs/`, in
plain Markdown; the home page, the model, examples of the strategies and a page for each clause are made here.
"""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from fencepost.conformance.catalogue import Clause, catalogue
from fencepost.conformance.commands.clause_text import clause_rows
from fencepost.conformance.commands.decision_diagram import decision_diagram
from fencepost.conformance.commands.demo_vaults import FlawedVault
from fencepost.conformance.commands.drawn_examples import drawn_examples
from fencepost.conformance.pytest.clause_outcome import failure_lines
from fencepost.conformance.pytest.session import Options, SubjectSession
from fencepost.reference import load_profile

_CLONE = Path(__file__).resolve().parents[4]

START = ("index.md", "install.md", "init.md", "project.md", "writing-a-harness.md")
HOW_TO = (
    *("pytest.md", "strategies.md", "cli.md", "rest.md", "engines.md", "regressions.md", "reports.md", "campaigns.md"),
    *("explain.md", "certificates.md", "certify-your-emulator.md", "test-a-refusing-vault.md", "azure.md"),
    "release-checklist.md",
)
RECIPES = (
    "README.md",
    "github.md",
    "gitlab.md",
    "pre-commit.md",
    "pre-merge.md",
    "nightly.md",
    "release-gate.md",
    "watching.md",
)
UNDERSTAND = ("model.md", "strength.md", "long-runs.md", "architecture.md", "performance.md", "glossary.md")
REFERENCE = (
    *("commands.md", "contract.md", "contract-reference.md", "sources.md", "field-report.md"),
    *("azure-cli.md", "azure-hidden-mutants.md"),
)


def write_site(folder: Path, clone: Path = _CLONE) -> None:
    """Write the sources and `mkdocs.yml` into the folder; what was there is replaced."""
    source = folder / "source"
    if source.exists():
        shutil.rmtree(source)
    shutil.copytree(clone / "docs", source, ignore=shutil.ignore_patterns("field"))  # field-report.md holds it
    for path in source.rglob("*.md"):
        text = re.sub(r"^(```\w+) \S+$", r"\1", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        path.write_text(_links_within(text, path, source), encoding="utf-8")  # a block with a name would be no block
    made = {"index.md": _home(), "install.md": _install(clone), "model.md": _model()}
    made |= {"architecture.md": _from_root((clone / "ARCHITECTURE.md").read_text(encoding="utf-8"))}
    made |= {"strategies.md": "\n".join([(source / "strategies.md").read_text(encoding="utf-8"), *_drawn()])}
    made |= {f"clauses/{clause.id.lower()}.md": _page(clause) for clause in catalogue().clauses}
    made |= {"decision.svg": decision_diagram()}
    for name, text in made.items():
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text(text, encoding="utf-8")
    (folder / "mkdocs.yml").write_text(json.dumps(_settings(), indent=2) + "\n", encoding="utf-8")


def _settings() -> dict[str, object]:
    """The settings of mkdocs; JSON, which is YAML too."""
    clauses = [{clause.id: f"clauses/{clause.id.lower()}.md"} for clause in catalogue().clauses]
    # The first entry is in force and goes by the system. Without it a browser keeps the scheme of the first view.
    schemes = {"": "default", ": light": "default", ": dark": "slate"}
    palette = [{"media": f"(prefers-color-scheme{is_for})", "scheme": name} for is_for, name in schemes.items()]
    return {
        "site_name": "fencepost",
        "docs_dir": "source",
        "site_dir": "site",
        "use_directory_urls": False,
        "theme": {
            "name": "material",
            "font": False,
            "features": ["navigation.tabs", "navigation.indexes", "content.code.copy"],
            "palette": palette,
        },
        "plugins": ["search"],
        "markdown_extensions": ["tables", "fenced_code", {"toc": {"permalink": True}}],
        "validation": {"nav": {"omitted_files": "warn"}, "links": {"anchors": "warn", "unrecognized_links": "warn"}},
        "nav": [
            {"Start": list(START)},
            {"How-to": [*HOW_TO, {"Recipes": [f"recipes/{name}" for name in RECIPES]}]},
            {"Understand": list(UNDERSTAND)},
            {"Reference": [*REFERENCE, {"Clauses": clauses}]},
        ],
    }


def _links_within(text: str, path: Path, source: Path) -> str:
    """The text; a link that leaves the pages becomes the name of the file in the repository."""

    def kept(found: re.Match[str]) -> str:
        target = found[2].partition("#")[0]
        inside = not target or "://" in target or (path.parent / target).resolve().is_relative_to(source.resolve())
        if inside:
            return found[0]
        shown = found[1].strip("`")
        name = re.sub(r"^(\.\./)+", "", target)
        return f"`{name}`" if shown == name else f"{found[1]} (`{name}`)"

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", kept, text)


def _home() -> str:
    trial = SubjectSession(FlawedVault, Options())
    try:
        text = "\n".join(failure_lines(trial.clause("DEC-4")))
    finally:
        trial.close()
    return f"""# fencepost

fencepost judges a network firewall of the Azure Key Vault kind clause by clause. It generates rule sets and requests,
compares every answer with a small reference, and shows the smallest case that tells the two apart. This is such a case,
of a vault that leaves out the first and the last address of a range (`fencepost demo` explains it step by step):

```text
{text}
```

- **[Start](install.md)**: install it, see it judge, wire up your own implementation
- **[How-to](recipes/README.md)**: recipes for CI, pytest, adapters, certificates, campaigns
- **[Understand](model.md)**: how a vault decides, what the words mean, how strong the kit is
- **[Reference](commands.md)**: commands, the contract, and a page for each clause
"""


def _install(clone: Path) -> str:
    readme = (clone / "README.md").read_text(encoding="utf-8")
    (body,) = re.findall(r"^Watch it judge.*?(?=^## Questions)", readme, re.DOTALL | re.MULTILINE)
    return f"# Install and run\n\n{_from_root(body)}"


def _from_root(text: str) -> str:
    """The text of a page of the repository's root as a page of the site."""
    above = re.sub(r"\]\((?![#/]|\w+:)", "](../", text)
    return _links_within(above.replace("](../docs/", "]("), Path("/source/page.md"), Path("/source"))


def _drawn() -> Iterator[str]:
    yield from ("## Drawn examples", "", "The shortest of some that each strategy drew when this page was made:", "")
    yield from drawn_examples()


def _model() -> str:
    profile = load_profile("keyvault")
    groups = "\n".join(
        f"| {name} | {', '.join(_linked(clause) for clause in clauses)} |"
        for name, clauses in catalogue().groups.items()
    )
    return f"""# How a vault decides

A request has a plane, an operation, a source address or a subnet, and a caller. The rules are a default action, a
bypass, IP rules and virtual network rules. The firewall asks these questions in turn, and the first yes decides:

![Each question in turn: control plane, default action, trusted service, IP rule, subnet; then token and
permission](decision.svg)

Where a credential is missing, CRED-3 denies a trusted service that has passed by the bypass, and CTL-4 denies anybody
on the control plane. IP rules are for public addresses. Whether a wide range lets in a private address that it holds is
an open point.
{profile.scope}

## The clauses

| group | clauses |
| --- | --- |
{groups}
"""


def _linked(clause: Clause) -> str:
    return f"[{clause.id}](clauses/{clause.id.lower()}.md)"


def _page(clause: Clause) -> str:
    """The page of a clause: what `fencepost explain CLAUSE` prints, the texts themselves unchanged."""
    lines = [f"# {clause.id}", ""]
    for label, rows in groupby(clause_rows(clause), key=lambda row: row[0]):
        texts = [text for _, text in rows]
        if not label:
            lines += [*(f"    {text}" for text in texts), ""]
            continue
        lines += [f"**{label}**", ""]
        lines += [f"- {_escaped(text)}" for text in texts] if len(texts) > 1 else [_escaped(texts[0])]
        lines.append("")
    return "\n".join([*lines, f"`fencepost explain {clause.id}` prints the same.", ""])


def _escaped(text: str) -> str:
    """The text as Markdown that shows it as it is."""
    marked = re.sub(r"([\\`*_{}\[\]#|])", r"\\\1", text.replace("&", "&amp;"))
    return marked.replace("<", "&lt;").replace(">", "&gt;")


if __name__ == "__main__":
    write_site(Path(sys.argv[1]))
