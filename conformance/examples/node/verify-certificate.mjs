// Checks the signature of an unpacked certificate without fencepost: node verify-certificate.mjs FOLDER KEY.pub
//
// The envelope is DSSE (https://github.com/secure-systems-lab/dsse), what is in it an in-toto statement; its subjects are
// the files of the bundle with their SHA-256. Exit status: 0 every file is what the key has signed, 1 one is not, 2 bad
// usage.
import { createHash, createPublicKey, verify } from 'node:crypto'
import { lstatSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const ENVELOPE = 'statement.dsse.json'
const SIGNED = ['certificate.json', 'certificate.md', 'report.json', 'transcript.ndjson.gz']
const PLAN = 'campaign.json' // of the bundle of a campaign
const TYPES = {
  payloadType: 'application/vnd.in-toto+json',
  _type: 'https://in-toto.io/Statement/v1',
  predicateType: 'https://in-toto.io/attestation/test-result/v0.1'
}

/** The statement that the key has signed; throws an error that says why there is none. */
function unsealed (envelope, key) {
  const payload = Buffer.from(envelope.payload, 'base64')
  const kind = Buffer.from(envelope.payloadType, 'utf8')
  if (envelope.payloadType !== TYPES.payloadType) throw new Error(`the payload is of the type ${envelope.payloadType}`)
  const signed = Buffer.concat([
    Buffer.from(`DSSEv1 ${kind.length} `), kind, Buffer.from(` ${payload.length} `), payload
  ])
  const valid = envelope.signatures.map(({ sig }) => verify(null, signed, key, Buffer.from(sig, 'base64')))
  if (!valid.length || valid.includes(false)) throw new Error('the signature is not this key\'s over this statement')
  const statement = JSON.parse(payload.toString('utf8'))
  for (const name of ['_type', 'predicateType']) {
    if (statement[name] !== TYPES[name]) throw new Error(`${name} is ${statement[name]}, not ${TYPES[name]}`)
  }
  return statement
}

/** The members that the statement must be about. */
function membersIn (statement) {
  return statement.subject.some(({ name }) => name === PLAN) ? [...SIGNED, PLAN] : SIGNED
}

/** What is not as the statement says: a member that is missing, changed, a link, or too many. */
function differences (folder, statement) {
  const members = membersIn(statement)
  const digests = new Map(statement.subject.map(({ name, digest }) => [name, digest.sha256]))
  const present = new Set(readdirSync(folder))
  const faults = []
  for (const name of members) {
    if (!present.has(name)) faults.push(`${name} is missing`)
    else if (!lstatSync(join(folder, name)).isFile()) faults.push(`${name} is no file`)
    else if (digests.get(name) !== sha256(readFileSync(join(folder, name)))) faults.push(`${name} is not what was signed`)
  }
  for (const name of present) {
    if (name !== ENVELOPE && !members.includes(name)) faults.push(`${name} is no member of a bundle`)
  }
  return faults
}

function sha256 (content) {
  return createHash('sha256').update(content).digest('hex')
}

function main (folder, keyFile) {
  if (!folder || !keyFile) {
    console.error('usage: node verify-certificate.mjs FOLDER KEY.pub')
    return 2
  }
  const key = createPublicKey(readFileSync(keyFile))
  let statement
  try {
    statement = unsealed(JSON.parse(readFileSync(join(folder, ENVELOPE), 'utf8')), key)
  } catch (error) {
    console.log(`${ENVELOPE}: ${error.message}\ndoes not hold`)
    return 1
  }
  const faults = differences(folder, statement)
  for (const fault of faults) console.log(fault)
  console.log(faults.length ? 'does not hold' : `holds: ${statement.predicate.result}, ${membersIn(statement).length} files`)
  return faults.length ? 1 : 0
}

process.exitCode = main(...process.argv.slice(2))
