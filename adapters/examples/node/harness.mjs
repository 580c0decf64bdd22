// The harness: JSON-RPC 2.0, one object a line, from stdin to stdout. Nothing in this file knows what a vault is.
//
//   fencepost check "stdio:node adapters/examples/node/harness.mjs keyvault-2018-preview"
//
// To put another implementation under test, keep this file and write another vault.mjs: a class with one method for each
// method of the contract that its statement offers. A method takes `params` and returns the result, or a promise of
// it; what it throws becomes a JSON-RPC error, which the kit reports as a broken harness, not as a failed clause.

import { Vault } from "./vault.mjs";

const METHODS = new Set([
  "describe", "reset", "putRules", "decide", "getRules", "updateRules", "addIpRule", "removeIpRule",
  "addVirtualNetworkRule", "removeVirtualNetworkRule", "setServiceEndpoints",
]);

const PARSE_ERROR = -32700;
const METHOD_NOT_FOUND = -32601;
const HARNESS_ERROR = -32000;

async function answer(vault, line) {
  let id = null;
  try {
    const message = JSON.parse(line);
    id = message.id;
    if (message.method === "shutdown") return { jsonrpc: "2.0", id, result: {} };
    if (!METHODS.has(message.method) || typeof vault[message.method] !== "function") {
      return failure(id, METHOD_NOT_FOUND, `no method ${message.method}`);
    }
    return { jsonrpc: "2.0", id, result: await vault[message.method](message.params ?? {}) };
  } catch (error) {
    const code = error instanceof SyntaxError && id === null ? PARSE_ERROR : HARNESS_ERROR;
    return failure(id, code, String(error), error?.stack);
  }
}

function failure(id, code, message, traceback) {
  return { jsonrpc: "2.0", id, error: { code, message, ...(traceback && { data: { traceback } }) } };
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

const vault = new Vault(process.argv[2] ?? "keyvault-2018-preview");
for await (const line of lines(process.stdin)) {
  process.stdout.write(`${JSON.stringify(await answer(vault, line))}\n`); // stdout is the contract's: log with console.error
}
