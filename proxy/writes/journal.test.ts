import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { becameRecord, type Entry } from './entry.ts'
import { Journal } from './journal.ts'
import { JournalFile } from './journal-file.ts'

test('an accepted transaction is pending until a block holds it', async (t: TestContext) => {
  const journal = inMemory()
  t.assert.equal(await journal.accept(sent(1, 0)), true)
  t.assert.deepEqual(
    [...journal.pending()].map(({ hash }) => hash),
    [hashOf(1)],
  )
  journal.mined(block(5), [{ hash: hashOf(1), sender: senderOf(0), nonce: 0n }])
  t.assert.equal(journal.find(hashOf(1))?.state, 'mined')
  t.assert.deepEqual(journal.find(hashOf(1))?.block, block(5))
  t.assert.equal(journal.pendingCount, 0)
})

test('accepted twice it is one', async (t: TestContext) => {
  const journal = inMemory()
  await journal.accept(sent(1, 0))
  t.assert.equal(await journal.accept(sent(1, 0)), false)
  t.assert.equal(journal.size, 1)
})

test('one that another of its nonce was mined for is replaced, and says by which', async (t: TestContext) => {
  const journal = inMemory()
  await journal.accept(sent(1, 0))
  await journal.accept(sent(2, 0))
  journal.mined(block(5), [{ hash: hashOf(2), sender: senderOf(0), nonce: 0n }])
  t.assert.equal(journal.find(hashOf(1))?.state, 'replaced')
  t.assert.equal(journal.find(hashOf(1))?.reason, hashOf(2))
})

test('what an orphaned block settled is open again', async (t: TestContext) => {
  const journal = inMemory()
  await journal.accept(sent(1, 0))
  await journal.accept(sent(2, 0))
  journal.mined(block(5), [{ hash: hashOf(2), sender: senderOf(0), nonce: 0n }])
  journal.orphaned(block(5).hash)
  t.assert.deepEqual(
    [...journal.pending()].map(({ state, block: at }) => [state, at]),
    [
      ['pending', null],
      ['pending', null],
    ],
  )
})

test('the next nonce counts what was accepted without a gap, from what the node says', async (t: TestContext) => {
  const journal = inMemory()
  for (const nonce of [3, 4, 6]) await journal.accept(sent(10 + nonce, nonce))
  t.assert.equal(journal.nextNonce(senderOf(0), 3n), 5n)
  t.assert.equal(journal.nextNonce(senderOf(0), 2n), 2n)
  t.assert.equal(journal.nextNonce(senderOf(0), 6n), 7n)
  t.assert.equal(journal.nextNonce(senderOf(1), 9n), 9n)
  journal.drop(entryIn(journal, 13), 'refused')
  t.assert.equal(journal.nextNonce(senderOf(0), 3n), 3n)
})

test('the oldest settled entry makes room; when all are pending it is full', async (t: TestContext) => {
  const journal = new Journal(null, [], fail, 3)
  for (const n of [0, 1, 2]) await journal.accept(sent(n, n))
  t.assert.equal(journal.isFull, true)
  journal.mined(block(5), [{ hash: hashOf(1), sender: senderOf(0), nonce: 1n }])
  t.assert.equal(journal.isFull, false)
  await journal.accept(sent(3, 3))
  t.assert.equal(journal.find(hashOf(1)), null)
  t.assert.equal(journal.size, 3)
})

test('opened again, it is what it was, whatever had happened', async (t: TestContext) => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('accept' as const), n: fc.nat({ max: 11 }) }),
    fc.record({
      kind: fc.constant('mine' as const),
      n: fc.nat({ max: 11 }),
      at: fc.nat({ max: 3 }),
    }),
    fc.record({ kind: fc.constant('orphan' as const), at: fc.nat({ max: 3 }) }),
    fc.record({ kind: fc.constant('drop' as const), n: fc.nat({ max: 11 }) }),
    fc.record({ kind: fc.constant('compact' as const) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const folder = await mkdtemp(join(tmpdir(), 'equipoise-journal-'))
      t.after(() => rm(folder, { recursive: true, force: true }))
      const { file, records } = await JournalFile.open(folder)
      const journal = new Journal(file, records, fail)
      const kept: Promise<unknown>[] = []
      for (const each of steps) {
        if (each.kind === 'accept') kept.push(journal.accept(sent(each.n, each.n % 4)))
        else if (each.kind === 'orphan') journal.orphaned(block(each.at).hash)
        else if (each.kind === 'compact') {
          kept.push(file.compact([...journal.entries()].flatMap((entry) => recordsOf(entry))))
        } else if (each.kind === 'mine') {
          journal.mined(block(each.at), [mining(each.n)])
        } else if (journal.find(hashOf(each.n)) !== null) {
          journal.drop(entryIn(journal, each.n), 'refused')
        }
      }
      await Promise.all(kept)
      await journal.close()
      const again = await JournalFile.open(folder)
      const restored = new Journal(again.file, again.records, fail)
      await restored.close()
      await rm(folder, { recursive: true })
      t.assert.deepEqual(byHash(restored), byHash(journal))
      t.assert.equal(restored.pendingCount, journal.pendingCount)
    }),
    { numRuns: 60 },
  )
})

test('a record of another program is refused', (t: TestContext) => {
  t.assert.throws(
    () => new Journal(null, [{ kind: 'other' }], fail),
    /record 1 is of an unknown kind/,
  )
})

function inMemory(): Journal {
  return new Journal(null, [], fail)
}

function fail(error: unknown): never {
  throw error
}

function byHash(journal: Journal): readonly Entry[] {
  return [...journal.entries()].sort((a, b) => (a.hash < b.hash ? -1 : 1))
}

function entryIn(journal: Journal, n: number): Entry {
  const entry = journal.find(hashOf(n))
  if (entry === null) throw new Error(`no entry ${n}`)
  return entry
}

function recordsOf(entry: Entry): object[] {
  const { hash, sender, to, raw, acceptedMs, node, offers } = entry
  const accepted = {
    kind: 'accepted',
    hash,
    sender,
    nonce: String(entry.nonce),
    to,
    raw: raw.toString('hex'),
    acceptedMs,
    node,
    offers,
  }
  return entry.state === 'pending' ? [accepted] : [accepted, becameRecord(entry)]
}

function mining(n: number) {
  return { hash: hashOf(n), sender: senderOf(0), nonce: BigInt(n % 4) }
}

function sent(n: number, nonce: number) {
  return {
    hash: hashOf(n),
    sender: senderOf(0),
    nonce: BigInt(nonce),
    to: null,
    raw: Buffer.from([n]),
    acceptedMs: 1,
    node: 'a',
  }
}

function block(number: number) {
  return { number, hash: `0x${'b'.repeat(63)}${number}` }
}

function hashOf(n: number): string {
  return `0x${n.toString(16).padStart(64, '0')}`
}

function senderOf(n: number): string {
  return `0x${n.toString(16).padStart(40, '0')}`
}
