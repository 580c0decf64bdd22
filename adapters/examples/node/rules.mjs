// What a rule is: the text of an IP rule, the id of a subnet, and what each of them equals and covers.

const OCTET = "(0|[1-9][0-9]{0,2})";
const IP_RULE = new RegExp(`^${OCTET}\\.${OCTET}\\.${OCTET}\\.${OCTET}(?:/(0|[1-9][0-9]?))?$`);

const SUBNET_ID = new RegExp(
  "^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\\.Network/virtualNetworks/[^/]+/subnets/[^/]+$",
  "i",
);

/** {first, last} of an IPv4 address or CIDR range as numbers; null where the text is neither. */
export function rangeOf(text) {
  const match = typeof text === "string" ? IP_RULE.exec(text) : null;
  if (match === null) return null;
  const octets = match.slice(1, 5).map(Number);
  const prefix = match[5] === undefined ? 32 : Number(match[5]);
  if (octets.some((octet) => octet > 255) || prefix > 32) return null;
  const first = octets.reduce((number, octet) => number * 256 + octet, 0);
  const size = 2 ** (32 - prefix);
  if (first % size !== 0) return null; // host bits
  return { first, last: first + size - 1, prefix: match[5] === undefined ? null : prefix };
}

const PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map(rangeOf);

/** Whether the range has a private address in it, be it inside a private block or around one. */
export function touchesPrivate(range) {
  return PRIVATE.some((block) => range.first <= block.last && block.first <= range.last);
}

/** Whether this is the id of a subnet: the five pairs in their order. */
export function isSubnetId(id) {
  return typeof id === "string" && SUBNET_ID.test(id);
}

/** The id as it compares: ASCII letters without regard to case. */
export function folded(id) {
  return id.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
