// Checks the signature of an unpacked certificate without fencepost: node verify-certificate.mjs FOLDER KEY.pub
//
// The envelope is DSSE (https://github.com/secure-systems-lab/dsse), what is in it an in-toto statement; its subjects are
// the files of the bundle with their SHA-256. Exit status: 0 every file is what the key has signed, 1 one is not.
import { createHash, createPublicKey, verify } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

const [folder, keyFile] = process.argv.slice(2)
const ENVELOPE = 'statement.dsse.json'

const envelope = JSON.parse(readFileSync(join(folder, ENVELOPE), 'utf8'))
const payload = Buffer.from(envelope.payload, 'base64')
const kind = Buffer.from(envelope.payloadType, 'utf8')
const signed = Buffer.concat([
  Buffer.from(`DSSEv1 ${kind.length} `), kind, Buffer.from(` ${payload.length} `), payload
])
const key = createPublicKey(readFileSync(keyFile))
const faults = []
for (const { sig } of envelope.signatures) {
  if (!verify(null, signed, key, Buffer.from(sig, 'base64'))) faults.push('the signature is not this key\'s')
}

const statement = JSON.parse(payload.toString('utf8'))
const digests = new Map(statement.subject.map(({ name, digest }) => [name, digest.sha256]))
for (const name of readdirSync(folder)) {
  if (name === ENVELOPE) continue
  const digest = createHash('sha256').update(readFileSync(join(folder, name))).digest('hex')
  if (digests.get(name) !== digest) faults.push(`${name} is not what was signed`)
}

for (const fault of faults) console.log(fault)
console.log(faults.length ? 'does not hold' : `holds: ${statement.predicate.result}, ${digests.size} files`)
process.exitCode = faults.length ? 1 : 0
