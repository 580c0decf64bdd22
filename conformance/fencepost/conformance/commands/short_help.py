"""One line for each shipped command, so that `fencepost --help` need not load the commands."""

from collections.abc import Mapping
from types import MappingProxyType

SHORT_HELP: Mapping[str, str] = MappingProxyType(
    {
        "baseline": "Maintain the list of known failures: add, list, renew, prune.",
        "bench": "Measure how fast implementations decide and write.",
        "campaign": "Spread a suite over many machines: plan, run, merge, certify.",
        "certify": "Run the whole suite and sign the result: a bundle that others can check.",
        "check": "Run the suite against a subject: a verdict for each clause.",
        "clauses": "List the clauses: what an implementation promises.",
        "clean": "Remove what a killed run has left at an endpoint on Azure's wire.",
        "demo": "Judge a right and a wrong vault side by side, and explain the difference.",
        "diff": "Show what changed between two runs: failures, limits, open points.",
        "disagree": "Find the smallest input on which two subjects differ.",
        "explain": "Say what becomes of a request under rules, and why; or what a clause says.",
        "init": "Write a working start: of a harness, an adapter file, or tests.",
        "keygen": "Make a key pair for certificates: NAME and NAME.pub.",
        "matrix": "Show several runs in one table: implementations across, clauses down.",
        "profiles": "List the profiles: the editions of the specification.",
        "replay": "Replay stored counterexamples against a subject: fixed, or still failing?",
        "report": "Show a stored run in another form, without a new run.",
        "schema": "Print a JSON Schema: of the contract, the report, the event stream or an adapter file.",
        "serve": "Put a subject behind Azure's wire, for Microsoft's SDKs and for `check azure:FILE`.",
        "smoke": "Ask ten decisions: is a subject wired up?",
        "spellings": "Show how a subject reads every spelling of a rule: its parser profile.",
        "strength": "Measure the kit itself: how many mutants it kills, and at what cost.",
        "subjects": "List the forms of a subject: carriers and installed adapters.",
        "vectors": "Test vectors for any language: export, run, schema.",
        "verify": "Check a certificate: signature, transcript, and on request the subject itself.",
    }
)
"""What each shipped command does, by its name."""
