// A harness for Node 18 or later: it lets fencepost judge an implementation, one line of JSON in, one line out.
//
//   fencepost check "stdio:node harness.mjs"
//
// Replace the four functions at the top by calls into your implementation, and leave the rest as it is. They may be
// asynchronous. What they throw becomes a JSON-RPC error, which the kit reports as a broken harness and not as a failed
// clause. Another method of the contract is one more function, and its name in METHODS.

import { BlockList, isIPv4 } from "node:net";

// --- The four functions to fill in: here a small vault that knows IP rules and the default action -------------------

let isOpen = true;
let ranges = new BlockList();

async function describe() {
  return {
    protocol: 1,
    name: "vault in Node",
    version: "1.0",
    profile: "keyvault",
    features: ["ip-rules-only", "decisions-only"],
  };
}

async function reset() {
  isOpen = true;
  ranges = new BlockList();
  return {};
}

async function putRules({ networkAcls }) {
  const read = new BlockList();
  for (const { value } of networkAcls.ipRules ?? []) {
    const [base, length = "32"] = value.split("/");
    if (!isIPv4(base) || !/^[0-9]+$/.test(length) || Number(length) > 32) {
      return { accepted: false, message: `no address and no range: ${value}` };
    }
    if (length === "32") read.addAddress(base);
    else read.addSubnet(base, Number(length));
  }
  isOpen = networkAcls.defaultAction !== "Deny";
  ranges = read;
  return { accepted: true };
}

// A request has `plane`, `operation`, `source.address` and, as the statement offers it, `source.subnet` and `caller`.
async function decide({ plane, source }) {
  if (!isIPv4(source.address)) throw new TypeError(`no IPv4 address: ${source.address}`);
  return isOpen || plane === "control" || ranges.check(source.address) ? "allow" : "deny";
}

// --- The contract's loop --------------------------------------------------------------------------------------------

const METHODS = new Map([
  ["describe", describe],
  ["reset", reset],
  ["putRules", putRules],
  ["decide", async ({ requests }) => ({ decisions: await Promise.all(requests.map(decide)) })],
  ["shutdown", async () => ({})],
]);
const [PARSE_ERROR, METHOD_NOT_FOUND, HARNESS_ERROR] = [-32700, -32601, -32000];

async function answer(line) {
  let message;
  try {
    message = JSON.parse(line);
  } catch (error) {
    return failure(null, PARSE_ERROR, error);
  }
  const method = METHODS.get(message.method);
  if (method === undefined) return failure(message.id, METHOD_NOT_FOUND, new Error(`no method ${message.method}`));
  try {
    return { jsonrpc: "2.0", id: message.id, result: await method(message.params ?? {}) };
  } catch (error) {
    return failure(message.id, HARNESS_ERROR, error);
  }
}

function failure(id, code, error) {
  return { jsonrpc: "2.0", id, error: { code, message: String(error), data: { traceback: String(error?.stack) } } };
}

// Lines end with "\n" and nothing else. (node:readline also ends one at U+2028, which JSON allows inside a string.)
async function* lines(stream) {
  let pieces = [];
  for await (const chunk of stream) {
    let start = 0;
    for (let end; (end = chunk.indexOf(0x0a, start)) >= 0; start = end + 1) {
      yield Buffer.concat([...pieces, chunk.subarray(start, end)]).toString("utf8");
      pieces = [];
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start));
  }
}

for await (const line of lines(process.stdin)) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`); // stdout is the contract's: log with console.error
}
