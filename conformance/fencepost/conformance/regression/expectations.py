"""The answers that the reference expects to the calls of a case, as a vector has them, and a comparison."""

from collections.abc import Iterable, Sequence

from fencepost.adapters.contract import Client, NetworkAcls
from fencepost.adapters.contract import Decision as Answer
from fencepost.conformance.lockstep.case import (
    AskStep,
    Case,
    EndpointsStep,
    ReadStep,
    ResetStep,
    Step,
    WriteStep,
    apply_write,
    call_of,
    may_be_asked,
)
from fencepost.conformance.lockstep.wire import wire_network
from fencepost.conformance.regression.vector_file import ExpectedDecision, ExpectedRules, VectorCall
from fencepost.reference import Outcome, Profile, Request, Vault, Verdict, acceptable_codes


class Uncertain(Exception):
    """The specification leaves an answer of the case open, or the contract forbids one of its calls."""


def expected_calls(case: Case, profile: Profile) -> tuple[VectorCall, ...]:
    """The calls with their right answers, by the edition alone; `Uncertain` if an answer is an open point."""
    vault = Vault(profile=profile).reset(case.network)
    calls = [VectorCall(method="reset", params={"subnets": wire_network(case.network)})]
    for step in case.steps:
        call, vault = _expected(step, vault)
        calls.append(call)
    return tuple(calls)


def _expected(step: Step, vault: Vault) -> tuple[VectorCall, Vault]:
    sent = call_of(step)
    match step:
        case WriteStep():
            write = apply_write(vault, step)
            if write.verdict is Verdict.OPEN:
                raise Uncertain
            after = write.accepted if write.verdict is Verdict.ACCEPTED else None
            call = VectorCall(method=sent.method, params=sent.params, accepted=write.verdict is Verdict.ACCEPTED)
            return call, after or vault
        case EndpointsStep():
            if step.subnet not in vault.network:
                raise Uncertain
            after = vault.set_service_endpoints(step.subnet, step.service_endpoints)
            return VectorCall(method=sent.method, params=sent.params), after
        case ResetStep():
            return VectorCall(method=sent.method, params=sent.params), vault.reset(step.network)
        case AskStep():
            decisions = tuple(_decision(request, vault) for request in step.requests)
            return VectorCall(method=sent.method, params=sent.params, decisions=decisions), vault
        case ReadStep():
            return VectorCall(method=sent.method, params=sent.params, rules=_rules(vault)), vault


def _decision(request: Request, vault: Vault) -> ExpectedDecision:
    outcome = vault.decide(request).outcome
    if outcome is Outcome.OPEN or not may_be_asked(vault, request):
        raise Uncertain
    if outcome is Outcome.ALLOW:
        return ExpectedDecision(outcome="allow")
    codes = acceptable_codes(request, rules=vault.rules, network=vault.network, profile=vault.profile)
    return ExpectedDecision(outcome="deny", codes=tuple(sorted(codes or (), key=repr)))


def _rules(vault: Vault) -> ExpectedRules:
    rules = vault.rules
    return ExpectedRules(
        default_action=rules.default_action.value,
        bypass=rules.bypass.value,
        ip_rules=_one_form(rule.text for rule in rules.ip_rules),
        virtual_network_rules=tuple(sorted({rule.id.lower() for rule in rules.virtual_network_rules})),
    )


def _one_form(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({value.removesuffix("/32") for value in values}))


def first_wrong(calls: Sequence[VectorCall], client: Client, *, with_codes: bool) -> str | None:
    """Send the calls; the first answer that is not the expected one, in words, or None. Raises `HarnessFault`."""
    for number, call in enumerate(calls, start=1):
        reason = _wrong(call, client, with_codes=with_codes)
        if reason is not None:
            return f"call {number}, {call.method}: {reason}"
    return None


def _wrong(call: VectorCall, client: Client, *, with_codes: bool) -> str | None:
    if call.accepted is not None:
        written = client.write(call.method, call.params)
        accepted = written.is_accepted
        words = {True: "accepted", False: "refused"}
        if written.is_inconclusive:
            return "the write could not be put as asked"
        return None if accepted == call.accepted else f"expected {words[call.accepted]}, got {words[accepted]}"
    if call.decisions is not None:
        requests = call.params["requests"]
        assert isinstance(requests, list)
        for place, (one, answer) in enumerate(zip(call.decisions, client.decide(requests), strict=True)):
            reason = _wrong_decision(one, answer, with_codes=with_codes)
            if reason is not None:
                return f"request {place + 1}: {reason}"
        return None
    if call.rules is not None:
        read = _read(client.get_rules())
        return None if read == call.rules else f"expected {call.rules}, got {read}"
    client.connection.call(call.method, call.params)
    return None


def _wrong_decision(expected: ExpectedDecision, answer: Answer, *, with_codes: bool) -> str | None:
    if answer.outcome != expected.outcome:
        return None if answer.outcome == "inconclusive" else f"expected {expected.outcome}, got {answer.outcome}"
    if not with_codes or not expected.codes:
        return None
    if any(answer.status == status and code in (None, answer.code) for status, code in expected.codes):
        return None
    return f"expected one of {list(expected.codes)}, got {answer.status} {answer.code}"


def _read(answer: NetworkAcls | None) -> ExpectedRules:
    read = answer or NetworkAcls()
    return ExpectedRules(
        default_action=read.default_action or "Allow",
        bypass=read.bypass or "AzureServices",
        ip_rules=_one_form(entry.value for entry in read.ip_rules or ()),
        virtual_network_rules=tuple(sorted({entry.id.lower() for entry in read.virtual_network_rules or ()})),
    )
