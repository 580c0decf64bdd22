// Runs a file of fencepost vectors without fencepost: node run-vectors.mjs VECTORS.json COMMAND ARGS…
//
// COMMAND is a harness that speaks the adapter contract on stdin and stdout, one JSON-RPC object a line. Each test begins
// with a reset; a test whose group needs what the harness does not declare is skipped. Exit status: 0 all passed, 1 not,
// 2 bad usage, no vectors, another edition, or a harness that does not describe itself or leaves a call unanswered.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import process from 'node:process'

const [file, command, ...args] = process.argv.slice(2)
if (!command) end('usage: node run-vectors.mjs VECTORS.json COMMAND ARGS…')
const vectors = readVectors()

const harness = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
const waiting = []
let unread = ''
harness.stdout.setEncoding('utf8')
harness.stdout.on('data', (chunk) => {
  const lines = (unread + chunk).split('\n') // readline would also split at U+2028, which JSON allows in a string
  unread = lines.pop()
  for (const line of lines) waiting.shift()?.(answerIn(line))
})
harness.on('exit', () => { for (const answer of waiting.splice(0)) answer({ error: { message: 'the harness has ended' } }) })
harness.on('error', (error) => end(`the harness does not start: ${error.message}`))
harness.stdin.on('error', () => {})
process.on('exit', () => harness.kill())

function end (told) {
  console.error(told)
  process.exit(2)
}

function readVectors () {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    return end(`${file} holds no vectors: ${error.message}`)
  }
}

function answerIn (line) {
  try {
    return JSON.parse(line)
  } catch {
    return { error: { message: `expected one JSON-RPC object a line on stdout, got ${line.slice(0, 200)}` } }
  }
}

let id = 0
function call (method, params) {
  return new Promise((resolve, reject) => {
    if (harness.exitCode !== null) { reject(new Error('the harness has ended')); return }
    const limit = setTimeout(() => end(`no answer to ${method} within 10 s`), 10_000)
    waiting.push(({ result, error }) => {
      clearTimeout(limit)
      error || !result ? reject(new Error(error?.message ?? 'an answer without a result')) : resolve(result)
    })
    harness.stdin.write(JSON.stringify({ jsonrpc: '2.0', id: ++id, method, params }) + '\n')
  })
}

const sorted = (values) => [...new Set(values)].sort()
const outcomeOf = (decision) => typeof decision === 'string' ? { outcome: decision } : decision

function wrongDecision (expected, got, withCodes) {
  if (got.outcome !== expected.outcome) return `expected ${expected.outcome}, got ${got.outcome}`
  if (!withCodes || !expected.codes) return null
  const fits = expected.codes.some(([status, code]) => got.status === status && (code === null || got.code === code))
  return fits ? null : `expected one of ${JSON.stringify(expected.codes)}, got ${got.status} ${got.code}`
}

function wrongRules (expected, got = {}) {
  const read = {
    defaultAction: got.defaultAction ?? 'Allow',
    bypass: got.bypass ?? 'AzureServices',
    ipRules: sorted((got.ipRules ?? []).map(({ value }) => value.replace(/\/32$/, ''))),
    virtualNetworkRules: sorted((got.virtualNetworkRules ?? []).map((rule) => rule.id.toLowerCase()))
  }
  const same = Object.keys(read).every((key) => JSON.stringify(read[key]) === JSON.stringify(expected[key]))
  return same ? null : `expected ${JSON.stringify(expected)}, got ${JSON.stringify(read)}`
}

function wrongAnswer (step, result, withCodes) {
  if (step.accepted !== undefined) {
    return result.accepted === step.accepted ? null : `expected accepted: ${step.accepted}, got ${result.accepted}`
  }
  if (step.rules !== undefined) return wrongRules(step.rules, result.networkAcls)
  if (step.decisions === undefined) return null
  const answers = result.decisions.map(outcomeOf)
  return step.decisions.map((one, place) => wrongDecision(one, answers[place], withCodes)).find((told) => told) ?? null
}

async function wrong (test, withCodes) {
  for (const step of test.calls) {
    const told = wrongAnswer(step, await call(step.method, step.params), withCodes)
    if (told) return `${step.method}: ${told}`
  }
  return null
}

function canBeAsked (needs, { features, choices = {} }) {
  const restricted = {
    'virtual-networks': 'ip-rules-only',
    'control-plane': 'data-plane-only',
    'refused-writes': 'decisions-only',
    'default-action': 'always-deny'
  }
  const byAttribute = (choices['trusted-services'] ?? (vectors.profile === 'keyvault' ? 'attribute' : 'list')) === 'attribute'
  if (needs.includes('trusted-services') && needs.includes('trust-by-attribute') !== byAttribute) return false
  return needs.every((need) => {
    if (need === 'trust-by-attribute') return byAttribute
    const [key, answer] = need.split('=') // a choice: by its declaration alone, where this kit would also ask for it
    if (answer !== undefined) return choices[key] === answer
    return need in restricted ? !features.includes(restricted[need]) : features.includes(need)
  })
}

const statement = await call('describe', { protocol: 1 }).catch((error) => end(`describe: ${error.message}`))
if (statement.profile !== vectors.profile) {
  end(`the harness claims ${statement.profile}, and the vectors are of ${vectors.profile}`)
}
const withCodes = ['decision-codes', 'caller-credentials'].every((feature) => statement.features.includes(feature))
const counts = { passed: 0, failed: 0, skipped: 0 }
for (const group of vectors.testGroups) {
  for (const test of group.tests) {
    if (!canBeAsked(group.needs, statement)) { counts.skipped++; continue }
    const told = await wrong(test, withCodes).catch((error) => error.message)
    counts[told ? 'failed' : 'passed']++
    if (told) console.log(`FAIL ${test.id} ${test.comment}\n  ${told}\n  finds: ${test.flags.join(', ')}`)
  }
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
process.exit(counts.failed ? 1 : 0)
