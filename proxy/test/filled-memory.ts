import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { Sessions } from '../consistency/session.ts'
import { Journal } from '../writes/journal.ts'
import { JournalFile } from '../writes/journal-file.ts'

/**
 * Fills what remembers clients and transactions in a process of its own, with Node's `--expose-gc`,
 * and prints by how many bytes that has grown: `{"sessions": …, "journal": …, "rssBytes": …}`.
 */
const count = 100_000
/** Transactions accepted at once; they share a sync of the disk. */
const together = 500
const senders = 2_000
const transferBytes = 112

const folder = await mkdtemp(join(tmpdir(), 'equipoise-memory-'))
try {
  const { file } = await JournalFile.open(join(folder, 'journal'))
  const journal = new Journal(file, [], (error) => {
    throw error
  })
  const sessions = new Sessions()
  // What a first entry needs of code is not what entries need.
  await accept(journal, 0)
  const before = await restingRss()
  for (let i = 0; i < count; i += 1) {
    const session = sessions.named(`client-${i}`, i / 1_000)
    if (session !== null) session.floor = 1 + i
  }
  for (let i = 1; i < count; i += together) {
    const end = Math.min(count, i + together)
    await Promise.all(Array.from({ length: end - i }, (_, k) => accept(journal, i + k)))
  }
  const rssBytes = (await restingRss()) - before
  const held = { sessions: sessions.size, journal: journal.size, rssBytes }
  process.stdout.write(`${JSON.stringify(held)}\n`)
  await journal.close()
} finally {
  await rm(folder, { recursive: true })
}

async function accept(journal: Journal, i: number): Promise<void> {
  const digest = createHash('sha256').update(String(i)).digest()
  const sender = createHash('sha256')
    .update(`sender ${i % senders}`)
    .digest('hex')
    .slice(24)
  const isNew = await journal.accept({
    hash: `0x${digest.toString('hex')}`,
    sender: `0x${sender}`,
    nonce: BigInt(Math.floor(i / senders)),
    to: `0x${digest.toString('hex', 0, 20)}`,
    raw: Buffer.alloc(transferBytes, digest),
    acceptedMs: Date.now(),
    node: `node-${i % 3}`,
  })
  if (!isNew) throw new Error(`${i} was known`)
}

/** What stays when all garbage is gone and its pages are given back, which V8 does late by itself. */
async function restingRss(): Promise<number> {
  for (let i = 0; i < 5; i += 1) {
    globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
    await turn()
  }
  return process.memoryUsage.rss()
}
