"""Flaws in the limits on the number of rules: off by one, shared, stale, or checked in some places only."""

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.mutants.mutant import PREVIEW_ONLY, TODAY_ONLY, Flaws, Witness, seen_in, shown_by
from fencepost.conformance.mutants.values import Held, Profile, Refused
from fencepost.conformance.mutants.vault import Vault
from fencepost.conformance.mutants.witness import HERE, ask, call, names, put, reset, singles, subnet_id

flaw = Flaws("limits")


def _ip_rules(past: int, *, default: str = "Deny") -> Witness:
    return lambda profile: (put(*singles(profile.max_ip_rules + past), default=default),)


def _subnets(past: int, *, addresses: bool = False) -> Witness:
    def witness(profile: Profile) -> tuple[tuple[str, JsonObject], ...]:
        subnets = names(profile.max_subnet_rules + past)
        ranges = singles(profile.max_ip_rules) if addresses else []
        return reset(subnets=subnets), put(*ranges, subnets=subnets)

    return witness


@flaw("one-ip-rule-too-many", "LIM-2 LIM-7 LIM-9", "open")
@shown_by(_ip_rules(1))
class _OneIpRuleTooMany(Vault):
    """`if count > limit` became `if index > limit` with an index that starts at 0."""

    def max_ip_rules(self, held: Held) -> int:
        return super().max_ip_rules(held) + 1


@flaw("one-ip-rule-too-few", "LIM-1 LIM-5", "closed")
@shown_by(_ip_rules(0))
class _OneIpRuleTooFew(Vault):
    """`if count >= limit: refuse` is checked after the new rule is counted."""

    def max_ip_rules(self, held: Held) -> int:
        return super().max_ip_rules(held) - 1


@flaw("one-subnet-too-many", "LIM-4 LIM-9", "open")
@shown_by(_subnets(1))
class _OneSubnetTooMany(Vault):
    """`if count > limit` became `if index > limit` with an index that starts at 0."""

    def max_subnet_rules(self, held: Held) -> int:
        return super().max_subnet_rules(held) + 1


@flaw("one-subnet-too-few", "LIM-3 LIM-5", "closed")
@shown_by(_subnets(0))
class _OneSubnetTooFew(Vault):
    """`if count >= limit: refuse` is checked after the new rule is counted."""

    def max_subnet_rules(self, held: Held) -> int:
        return super().max_subnet_rules(held) - 1


@flaw("ip-rules-without-limit", "LIM-2 LIM-6 LIM-7 LIM-9", "open")
@shown_by(_ip_rules(1))
class _IpRulesWithoutLimit(Vault):
    """The limit stands in the documentation alone; no code checks it."""

    def check_ip_limit(self, held: Held) -> None:  # noqa: ARG002 - not asking is the flaw
        return


@flaw("subnets-without-limit", "LIM-4 LIM-6 LIM-9", "open")
@shown_by(_subnets(1))
class _SubnetsWithoutLimit(Vault):
    """The limit is checked for the IP rules, the first of the two lists, and not for the other."""

    def check_subnet_limit(self, held: Held) -> None:  # noqa: ARG002 - not asking is the flaw
        return


@flaw("one-limit-for-both-lists", "LIM-5", "closed")
@seen_in("MicrosoftDocs/azure-docs, includes/event-hubs-limits.md: 128 rules of both kinds together")
@shown_by(_subnets(0, addresses=True))
class _OneLimitForBothLists(Vault):
    """The rules of both kinds are counted together."""

    def check_ip_limit(self, held: Held) -> None:
        super().check_ip_limit(held)
        if len(held.ip_rules) + len(held.subnet_rules) > self.max_ip_rules(held):
            raise Refused("too many rules")


@flaw("still-127-ip-rules", "LIM-1 LIM-5", "closed", profiles=TODAY_ONLY)
@shown_by(put(*singles(128)))
class _Still127IpRules(Vault):
    """The limit of the service went from 127 to 1,000, and this implementation kept 127."""

    def max_ip_rules(self, held: Held) -> int:  # noqa: ARG002 - a number of its own is the flaw
        return 127


@flaw("still-127-subnets", "LIM-3 LIM-5", "closed", profiles=TODAY_ONLY)
@shown_by(reset(subnets=names(128)), put(subnets=names(128)))
class _Still127Subnets(Vault):
    """The limit of the service went from 127 to 200, and this implementation kept 127."""

    def max_subnet_rules(self, held: Held) -> int:  # noqa: ARG002 - a number of its own is the flaw
        return 127


@flaw("limits-of-today-in-2018", "LIM-2 LIM-4", "open", profiles=PREVIEW_ONLY)
@shown_by(put(*singles(128)))
class _LimitsOfTodayIn2018(Vault):
    """The limits were copied from the page of the other edition."""

    def max_ip_rules(self, held: Held) -> int:  # noqa: ARG002 - a number of its own is the flaw
        return 1000

    def max_subnet_rules(self, held: Held) -> int:  # noqa: ARG002 - a number of its own is the flaw
        return 200


@flaw("a-power-of-two-is-rounder", "LIM-2 LIM-9", "open")
@shown_by(_ip_rules(1))
class _APowerOfTwoIsRounder(Vault):
    """The limits 127 and 1,000 were read as 128 and 1,024."""

    def max_ip_rules(self, held: Held) -> int:
        return 1 << super().max_ip_rules(held).bit_length()


@flaw("subnets-have-the-ip-limit", "LIM-4", "open", profiles=TODAY_ONLY)
@shown_by(_subnets(1))
class _SubnetsHaveTheIpLimit(Vault):
    """Both kinds of rules share one limit, as they did in the first edition."""

    def max_subnet_rules(self, held: Held) -> int:
        return self.max_ip_rules(held)


@flaw("too-long-lists-are-cut", "LIM-2 LIM-4 LIM-6 LIM-9", "open")
@shown_by(_ip_rules(1))
class _TooLongListsAreCut(Vault):
    """The list is read up to the limit, and the other rules are silently dropped."""

    def read_acls(self, acls: JsonObject) -> Held:
        held = super().read_acls(acls)
        return held._replace(
            ip_rules=held.ip_rules[: self.max_ip_rules(held)],
            subnet_rules=held.subnet_rules[: self.max_subnet_rules(held)],
        )


@flaw("limit-under-deny-only", "LIM-9", "open")
@shown_by(_ip_rules(1, default="Allow"))
class _LimitUnderDenyOnly(Vault):
    """The limit is not checked while the default action is Allow, because the rules are inactive."""

    def check_ip_limit(self, held: Held) -> None:
        if held.default_action == "Deny":
            super().check_ip_limit(held)


@flaw("subnet-limit-without-bypass-only", "LIM-9 LIM-4", "open")
@shown_by(
    lambda profile: (
        reset(subnets=names(profile.max_subnet_rules + 1)),
        put(subnets=names(profile.max_subnet_rules + 1), bypass="AzureServices"),
    )
)
class _SubnetLimitWithoutBypassOnly(Vault):
    """The limit of virtual network rules is checked only in the branch that reads the bypass."""

    def check_subnet_limit(self, held: Held) -> None:
        if held.bypass == "None":
            super().check_subnet_limit(held)


@flaw("single-addresses-do-not-count", "LIM-2 LIM-9", "open")
@shown_by(_ip_rules(1))
class _SingleAddressesDoNotCount(Vault):
    """Only ranges are counted; single addresses were sorted out before the count."""

    def max_ip_rules(self, held: Held) -> int:
        return super().max_ip_rules(held) + sum(rule.prefix == 32 for rule in held.ip_rules)


@flaw("repeated-rules-do-not-count", "LIM-2", "open", choice="duplicates-count")
@shown_by(lambda profile: (put(*singles(profile.max_ip_rules), *singles(1)),))
class _RepeatedRulesDoNotCount(Vault):
    """The limit counts distinct rules, but the list with its duplicates is stored."""

    def max_ip_rules(self, held: Held) -> int:
        return super().max_ip_rules(held) + len(held.ip_rules) - len(set(held.ip_rules))


@flaw("rules-in-a-column-of-2-or-16-kilobytes", "LIM-1 LIM-5", "closed")
@shown_by(lambda profile: (put(*(_long(index) for index in range(profile.max_ip_rules))),))
class _RulesInAColumnOf2Or16Kilobytes(Vault):
    """All rules are stored as one text, whose length suffices for the maximum number of short addresses only."""

    def check_ip_limit(self, held: Held) -> None:
        super().check_ip_limit(held)
        room = 2048 if self.profile.max_ip_rules < 1000 else 16384
        if len(",".join(rule.text for rule in held.ip_rules)) > room:
            raise Refused("the rules do not fit")


def _long(index: int) -> str:
    return f"198.{100 + index // 100}.{100 + index % 100}.128/30"


@flaw("over-the-limit-clears-the-rules", "LIM-6 VAL-9", "closed")
@shown_by(lambda profile: (put(HERE), put(*singles(profile.max_ip_rules + 1)), ask(call())))
class _OverTheLimitClearsTheRules(Vault):
    """The table is emptied and then filled; a write over the limit stops on the way."""

    def check_put(self, held: Held) -> None:
        try:
            super().check_put(held)
        except Refused:
            self.install(self.held._replace(ip_rules=(), subnet_rules=()))
            raise


@flaw("over-the-limit-refused-and-stored", "LIM-6 VAL-9", "open")
@shown_by(lambda profile: (put(HERE), put(*singles(profile.max_ip_rules + 1)), ask(call(singles(1)[0]))))
class _OverTheLimitRefusedAndStored(Vault):
    """A trigger checks the limit after the write; it reports the error and does not roll back."""

    def check_ip_limit(self, held: Held) -> None:
        try:
            super().check_ip_limit(held)
        except Refused:
            self.install(held)
            raise


@flaw("over-the-limit-keeps-what-fits", "LIM-6 VAL-9", "open")
@shown_by(lambda profile: (put(HERE), put(*singles(profile.max_ip_rules + 1)), ask(call(singles(1)[0]))))
class _OverTheLimitKeepsWhatFits(Vault):
    """Rules are written one by one until the limit; the write is then refused, and the rules so far stay."""

    def check_put(self, held: Held) -> None:
        try:
            super().check_put(held)
        except Refused:
            self.install(self.held._replace(ip_rules=held.ip_rules[: self.max_ip_rules(held)]))
            raise


@flaw("limit-counts-what-is-left-of-merging", "LIM-2 LIM-7 LIM-9", "open")
@shown_by(
    lambda profile: (put("20.0.0.0/16", *(f"20.0.0.{n}" for n in range(127)), *singles(profile.max_ip_rules - 127)),)
)
class _LimitCountsWhatIsLeftOfMerging(Vault):
    """The limit is that of the underlying table, in which adjacent or overlapping rules form one row."""

    def max_ip_rules(self, held: Held) -> int:
        rows, end = 0, -2
        for rule in sorted(held.ip_rules):
            rows += rule.first > end + 1
            end = max(end, rule.last)
        return super().max_ip_rules(held) + len(held.ip_rules) - rows


@flaw("limit-counts-names-of-subnets", "LIM-4 LIM-6 LIM-7", "open")
@shown_by(
    lambda profile: (
        reset(subnets=_of_one_name(profile.max_subnet_rules + 1)),
        put(subnets=_of_one_name(profile.max_subnet_rules + 1)),
    )
)
class _LimitCountsNamesOfSubnets(Vault):
    """The limit counts the rules by the subnet's name, which many networks have in common."""

    def check_subnet_limit(self, held: Held) -> None:
        distinct = {rule.id.rpartition("/")[2]: rule for rule in held.subnet_rules}
        super().check_subnet_limit(held._replace(subnet_rules=tuple(distinct.values())))


def _of_one_name(count: int) -> list[str]:
    return [subnet_id("default", network=f"spoke-{number}") for number in range(count)]
