"""A vault whose whole state is an SQLite database in memory: writes are transactions, decisions are queries."""

import sqlite3
import string
import threading
import weakref
from collections.abc import Callable, Sequence

from fencepost.adapters.contract import JsonObject
from fencepost.conformance.peers.choices import Choices
from fencepost.conformance.peers.peer import ABSENT, Peer, Question, Refused, as_list, as_object
from fencepost.conformance.peers.profiles import KEYVAULT, PRIVATE_BLOCKS

_SCHEMA = """
CREATE TABLE vault (bypass TEXT NOT NULL, default_action TEXT NOT NULL);
CREATE TABLE ip_rule (position INTEGER PRIMARY KEY, low INTEGER NOT NULL, high INTEGER NOT NULL, shown TEXT NOT NULL);
CREATE INDEX ip_rule_by_range ON ip_rule (low, high);
CREATE TABLE subnet (name TEXT PRIMARY KEY, enabled INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE subnet_rule (
    position INTEGER PRIMARY KEY, name TEXT NOT NULL, shown TEXT NOT NULL,
    ignores INTEGER NOT NULL, backed INTEGER NOT NULL
);
CREATE INDEX subnet_rule_by_name ON subnet_rule (name);
CREATE TABLE private (low INTEGER NOT NULL, high INTEGER NOT NULL);
INSERT INTO vault VALUES ('AzureServices', 'Allow');
"""
_GATE = """
SELECT CASE
    WHEN default_action = 'Allow' THEN 'default action'
    WHEN bypass = 'AzureServices' AND :trusted THEN 'bypass'
    WHEN EXISTS (SELECT 1 FROM subnet_rule NATURAL JOIN subnet WHERE name = :subnet AND enabled) THEN 'subnet'
    WHEN EXISTS (SELECT 1 FROM ip_rule WHERE :address BETWEEN low AND high) THEN 'address'
END FROM vault
"""
_OCTETS = {str(number): number for number in range(256)}
_PREFIXES = {str(number): number for number in range(33)}
_LABELS = ("subscriptions", "resourcegroups", "providers", "virtualnetworks", "subnets")


_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def _folded(subnet: str) -> str:
    """A subnet id for comparison: ASCII letters in lower case, all other characters unchanged."""
    return subnet.translate(_LOWER)


def _dotted(number: int) -> str:
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


_NETMASKS = {_dotted(2**32 - 2 ** (32 - prefix)): prefix for prefix in range(33)}


def _number(text: str) -> int:
    octets = [_OCTETS.get(part) for part in text.split(".")]
    if len(octets) != 4:
        raise Refused("an IPv4 address has four octets")
    value = 0
    for octet in octets:
        if octet is None:
            raise Refused("an octet is a number from 0 to 255")
        value = value << 8 | octet
    return value


class SqliteVault(Peer):
    """Masks host bits, keeps duplicates without counting them, refuses a rule again once its subnet lost its endpoint.

    One connection behind one lock, so that it may be called from several threads: a batch sees one set of rules.
    """

    name = "peer-sqlite"
    permission_code = "AccessDenied"
    service_code = "AccessDenied"
    choices = Choices(
        host_bits="mask",
        reserved_ranges="accept",
        duplicates_count="no",
        missing_service_endpoint="accept",
        surrounding_blanks="strip",
        netmask_form="accept",
        enum_case="insensitive",
        single_address_read_back="/32",
    )

    def __init__(self, *, profile: str = KEYVAULT.name, declare: bool | None = None) -> None:
        super().__init__(profile=profile, declare=declare)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, self._db.close)
        with self._db:
            self._db.executescript(_SCHEMA)
            for block in PRIVATE_BLOCKS:
                first, _, prefix = block.partition("/")
                low = _number(first)
                self._db.execute("INSERT INTO private VALUES (?, ?)", (low, low + 2 ** (32 - int(prefix)) - 1))

    # -- the network ---------------------------------------------------------------------------------------------------

    def reset(self, *, subnets: Sequence[JsonObject], **_: object) -> JsonObject:
        """A new vault without rules, in a network of exactly these subnets."""
        with self._lock, self._db:
            for table in ("ip_rule", "subnet_rule", "subnet"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - three names of ours
            self._db.execute("UPDATE vault SET bypass = 'AzureServices', default_action = 'Allow'")
            self._db.executemany(
                "INSERT INTO subnet VALUES (?, ?)",
                (
                    (_folded(str(subnet["id"])), "Microsoft.KeyVault" in as_list(subnet["serviceEndpoints"]))
                    for subnet in subnets
                ),
            )
        return {}

    def set_service_endpoints(self, *, subnet: str, service_endpoints: Sequence[str], **_: object) -> JsonObject:
        """Set the endpoints of a subnet; a subnet outside the network is ignored."""
        enabled = "Microsoft.KeyVault" in service_endpoints
        with self._lock, self._db:
            self._db.execute("UPDATE subnet SET enabled = ? WHERE name = ?", (enabled, _folded(subnet)))
            if enabled:
                self._db.execute("UPDATE subnet_rule SET backed = 1 WHERE name = ?", (_folded(subnet),))
        return {}

    # -- writes --------------------------------------------------------------------------------------------------------

    def put_rules(self, *, network_acls: JsonObject, **_: object) -> JsonObject:
        """Replace the whole rule set."""
        return self._transaction(lambda: self._replace(as_object(network_acls)))

    def update_rules(self, **switches: object) -> JsonObject:
        """Change the bypass or the default action; the rules stay."""
        return self._transaction(
            lambda: self._switch(switches.get("bypass", ABSENT), switches.get("default_action", ABSENT))
        )

    def add_ip_rule(self, *, value: object, **_: object) -> JsonObject:
        """Add one IP rule."""
        return self._transaction(lambda: self._insert_ip_rules([{"value": value}]))

    def remove_ip_rule(self, *, value: object, **_: object) -> JsonObject:
        """Remove every equal IP rule."""
        return self._transaction(
            lambda: self._delete("DELETE FROM ip_rule WHERE low = ? AND high = ?", *self._range(value))
        )

    def add_virtual_network_rule(self, **entry: object) -> JsonObject:
        """Add one virtual network rule."""
        flag = entry.get("ignore_missing_vnet_service_endpoint")
        return self._transaction(
            lambda: self._insert_subnet_rules(
                [{"id": entry.get("id"), "ignoreMissingVnetServiceEndpoint": flag}], stood=self._backed()
            )
        )

    def remove_virtual_network_rule(self, *, id: object, **_: object) -> JsonObject:  # noqa: A002 - the contract's name
        """Remove every virtual network rule for this subnet."""
        return self._transaction(lambda: self._delete("DELETE FROM subnet_rule WHERE name = ?", _folded(str(id))))

    def _transaction(self, work: Callable[[], None]) -> JsonObject:
        with self._lock:
            try:
                with self._db:
                    work()
            except Refused as refusal:
                return self._spell_refusal(refusal)
            except UnicodeEncodeError:
                return self._spell_refusal(Refused("half a surrogate pair is no text"))
        return {"accepted": True, "message": "committed"}

    def _replace(self, acls: JsonObject) -> None:
        stood = self._backed()
        self._db.execute("DELETE FROM ip_rule")
        self._db.execute("DELETE FROM subnet_rule")
        self._switch(acls.get("bypass", "AzureServices"), acls.get("defaultAction", "Allow"))
        self._insert_ip_rules(as_list(acls.get("ipRules", [])))
        self._insert_subnet_rules(as_list(acls.get("virtualNetworkRules", [])), stood=stood)

    def _switch(self, bypass: object, default_action: object) -> None:
        for column, value, words in (
            ("bypass", bypass, ("AzureServices", "None")),
            ("default_action", default_action, ("Allow", "Deny")),
        ):
            if value is ABSENT:
                continue
            meant = [word for word in words if isinstance(value, str) and value.casefold() == word.casefold()]
            if not meant:
                raise Refused(f"{column} is one of {words}")
            self._db.execute(f"UPDATE vault SET {column} = ?", meant)  # noqa: S608 - two names of ours

    def _delete(self, statement: str, *values: object) -> None:
        if not self._db.execute(statement, values).rowcount:
            raise Refused("there is no such rule")

    def _count(self, statement: str) -> int:
        return int(self._db.execute(statement).fetchone()[0])

    # -- IP rules ------------------------------------------------------------------------------------------------------

    def _insert_ip_rules(self, entries: Sequence[object]) -> None:
        for entry in entries:
            low, high = self._range(as_object(entry).get("value"))
            shown = f"{_dotted(low)}/{32 - (high - low).bit_length()}"
            self._db.execute("INSERT INTO ip_rule (low, high, shown) VALUES (?, ?, ?)", (low, high, shown))
        if self._count("SELECT count(*) FROM (SELECT DISTINCT low, high FROM ip_rule)") > self.profile.max_ip_rules:
            raise Refused("too many IP rules")
        if self._count(
            "SELECT count(*) FROM ip_rule JOIN private ON ip_rule.low <= private.high AND ip_rule.high >= private.low"
        ):
            raise Refused("a rule belongs to a forbidden range")

    def _range(self, value: object) -> tuple[int, int]:
        if not isinstance(value, str):
            raise Refused("an IP rule is text")
        address, slash, size = value.strip().partition("/")
        written = _NETMASKS.get(size, _PREFIXES.get(size)) if slash else 32
        refused = {None, 0, 31} if self.profile.takes_prefix_32 or not slash else {None, 0, 31, 32}
        if written is None or written in refused:
            raise Refused(f"the size {size[:40]!r} is not supported")
        holds = 2 ** (32 - written)
        low = _number(address) // holds * holds
        return low, low + holds - 1

    # -- virtual network rules -----------------------------------------------------------------------------------------

    def _backed(self) -> set[str]:
        return {name for (name,) in self._db.execute("SELECT name FROM subnet_rule WHERE backed")}

    def _insert_subnet_rules(self, entries: Sequence[object], *, stood: set[str]) -> None:
        for entry in map(as_object, entries):
            shown, ignores = entry.get("id"), bool(entry.get("ignoreMissingVnetServiceEndpoint"))
            if not isinstance(shown, str):
                raise Refused("a subnet id is text")
            name = self._subnet_name(shown)
            enabled = bool(self._db.execute("SELECT 1 FROM subnet WHERE name = ? AND enabled", (name,)).fetchone())
            required = name in stood or self.profile.refuses_missing_endpoint
            if required and not enabled and not ignores:
                raise Refused(f"{shown} has no service endpoint")
            self._db.execute(
                "INSERT INTO subnet_rule (name, shown, ignores, backed) VALUES (?, ?, ?, ?)",
                (name, shown, ignores, enabled or name in stood),
            )
        if self._count("SELECT count(DISTINCT name) FROM subnet_rule") > self.profile.max_virtual_network_rules:
            raise Refused("too many virtual network rules")

    def _subnet_name(self, shown: str) -> str:
        name = _folded(shown)
        rest = name
        for label in _LABELS:
            before, found, rest = rest.partition(f"/{label}/")
            if before or not found:
                raise Refused(f"expected /{label}/")
            value, slash, rest = rest.partition("/")
            rest = slash + rest
            if not value or (label == "providers" and value != "microsoft.network"):
                raise Refused(f"{value!r} after {label}")
        if rest:
            raise Refused("there is more than a subnet")
        return name

    # -- reads ---------------------------------------------------------------------------------------------------------

    def get_rules(self, **_: object) -> JsonObject:
        """The rules in force."""
        with self._lock:
            bypass, action = self._db.execute("SELECT bypass, default_action FROM vault").fetchone()
            addresses = self._db.execute("SELECT shown FROM ip_rule ORDER BY position").fetchall()
            subnets = self._db.execute("SELECT shown FROM subnet_rule ORDER BY position").fetchall()
        return {
            "networkAcls": {
                "bypass": bypass,
                "defaultAction": action,
                "ipRules": [{"value": shown} for (shown,) in addresses],
                "virtualNetworkRules": [{"id": shown} for (shown,) in subnets],
            }
        }

    def _reasons(self, questions: Sequence[Question]) -> Sequence[str | None]:
        with self._lock:
            return [
                self._db.execute(
                    _GATE,
                    {
                        "trusted": question.trusted,
                        "subnet": _folded(question.subnet or ""),
                        "address": _number(question.address),
                    },
                ).fetchone()[0]
                for question in questions
            ]


class SqliteVaultUndeclared(SqliteVault):
    """The same vault without declared choices."""

    declares = False
