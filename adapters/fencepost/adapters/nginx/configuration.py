"""Rule sets as nginx configurations: a translation of text into text, in which nothing is decided."""

import re
from collections.abc import Iterator, Sequence

from fencepost.adapters.contract.protocol import JsonObject

GENERATION, PEER, WORKER = "X-Generation", "X-Peer", "X-Worker"
"""The headers of every answer: its configuration, the caller's address that nginx saw, and its process."""

_HARMLESS = re.compile(r"[0-9A-Fa-f.:/]+")

_FRAME = """\
{user}daemon off;
worker_processes 1;
worker_shutdown_timeout 1s;
pid nginx.pid;
error_log error.log crit;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    default_type text/plain;
    keepalive_requests 100000;
    client_body_temp_path temp;
{temp}    server {{
        {listen}
        root files;
        add_header {generation_header} {generation} always;
        add_header {peer_header} $remote_addr always;
        add_header {worker_header} $pid always;
        location /control/ {{
            try_files /empty =404;
        }}
        location /data/ {{
{rules}            try_files /empty =404;
        }}
    }}
}}
"""


def access_rules(network_acls: JsonObject) -> tuple[str, ...]:
    """The access directives of a rule set, in its order; `ValueError` if a member has no counterpart.

    nginx takes the first directive that matches: the IP rules, and `deny all` after them if the default action is Deny.
    Whether a value is an address or a range is left to nginx, which refuses the configuration if it is neither. The
    bypass has no counterpart, since the server knows no services, and no effect.

    >>> access_rules({"defaultAction": "Deny", "ipRules": [{"value": "1.2.3.0/24"}, {"value": "5.6.7.8"}]})
    ('allow 1.2.3.0/24;', 'allow 5.6.7.8;', 'deny all;')
    """
    return tuple(_directives(network_acls))


def configuration(*, rules: Sequence[str], generation: int, listen: str, modules: Sequence[str], user: str) -> str:
    """One whole nginx.conf, with paths relative to the server's own folder.

    `rules` are the access directives of the data plane, `generation` is the number that every answer carries, `listen`
    the directives by which requests come in, `modules` nginx's modules that need a folder for temporary files, and
    `user` the user of the workers (nginx's default if empty). The control plane has no access directive. The file
    behind both planes is the same: `return` would answer before the access directives are checked.
    """
    return _FRAME.format(
        user=f"user {user};\n" if user else "",
        temp="".join(f"    {module}_temp_path temp;\n" for module in modules),
        listen=listen,
        generation_header=GENERATION,
        generation=generation,
        peer_header=PEER,
        worker_header=WORKER,
        rules="".join(f"            {rule}\n" for rule in rules),
    )


def _directives(network_acls: JsonObject) -> Iterator[str]:
    _switch(network_acls, "bypass", ("AzureServices", "None"))
    if network_acls.get("virtualNetworkRules", []) != []:
        raise ValueError("$.virtualNetworkRules: nginx knows no subnets; expected none")
    entries = network_acls.get("ipRules", [])
    if not isinstance(entries, (list, tuple)):
        raise ValueError(f"$.ipRules: expected a list, got {entries!r}")
    for number, entry in enumerate(entries):
        value = entry["value"]
        if not isinstance(value, str) or not _HARMLESS.fullmatch(value):
            raise ValueError(f"$.ipRules[{number}].value: expected an address or a range, got {value!r}")
        yield f"allow {value};"
    if _switch(network_acls, "defaultAction", ("Allow", "Deny")) == "Deny":
        yield "deny all;"


def _switch(network_acls: JsonObject, member: str, words: Sequence[str]) -> object:
    value = network_acls.get(member, words[0])
    if value not in words:
        raise ValueError(f"$.{member}: expected {' or '.join(map(repr, words))}, got {value!r}")
    return value
