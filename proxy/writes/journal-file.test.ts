import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { JournalFile } from './journal-file.ts'

test('what was appended is there again, in its order', async (t: TestContext) => {
  const folder = await temporary(t)
  const { file } = await JournalFile.open(folder)
  await Promise.all([1, 2, 3].map((n) => file.append({ n })))
  await file.append({ n: 4, text: 'ä\n' })
  await file.close()
  t.assert.deepEqual(await held(folder), [{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4, text: 'ä\n' }])
})

test('cut short, it holds the records that were whole, and takes more', async (t: TestContext) => {
  const folder = await temporary(t)
  const bytes = await written(folder, [{ n: 1 }, { n: 2 }])
  const line = bytes.length / 2
  for (let cut = 0; cut <= line; cut += 1) {
    await writeFile(await onlyFile(folder), bytes.subarray(0, bytes.length - cut))
    const { file, records } = await JournalFile.open(folder)
    t.assert.deepEqual(records, cut <= 1 ? [{ n: 1 }, { n: 2 }] : [{ n: 1 }])
    await file.append({ cut })
    await file.close()
    t.assert.deepEqual(await held(folder), [...records, { cut }])
  }
})

test('damage is told, with the file and what to do', async (t: TestContext) => {
  const folder = await temporary(t)
  const bytes = await written(folder, [{ n: 1 }, { n: 2 }])
  bytes[3] = (bytes[3] ?? 0) ^ 1
  await writeFile(await onlyFile(folder), bytes)
  await t.assert.rejects(held(folder), /journal-\d{8}\.log: line 1 .* move the file away/)
  t.assert.deepEqual(await readFile(await onlyFile(folder)), bytes)
  t.assert.equal((await readdir(folder)).includes('lock'), false)
})

test('zeros that the disk left behind the last record are nothing', async (t: TestContext) => {
  const folder = await temporary(t)
  const bytes = await written(folder, [{ n: 1 }])
  await writeFile(await onlyFile(folder), Buffer.concat([bytes, Buffer.alloc(512)]))
  t.assert.deepEqual(await held(folder), [{ n: 1 }])
})

test('compacted, it holds the snapshot and what came after, in one file', async (t: TestContext) => {
  const folder = await temporary(t)
  const { file } = await JournalFile.open(folder)
  await file.append({ old: true })
  const compacted = file.compact([{ snapshot: 1 }, { snapshot: 2 }])
  const appended = file.append({ n: 3 })
  await Promise.all([compacted, appended])
  await file.append({ n: 4 })
  t.assert.equal((await readFile(await onlyFile(folder))).length, file.bytes)
  await file.close()
  t.assert.deepEqual(await held(folder), [{ snapshot: 1 }, { snapshot: 2 }, { n: 3 }, { n: 4 }])
})

test('a draft that a crash left is not taken for the journal', async (t: TestContext) => {
  const folder = await temporary(t)
  await written(folder, [{ n: 1 }])
  await writeFile(join(folder, 'journal-00000001.log.draft'), 'half')
  t.assert.deepEqual(await held(folder), [{ n: 1 }])
})

test('a second process is refused, and a lock whose process is gone is taken over', async (t: TestContext) => {
  const folder = await temporary(t)
  const { file } = await JournalFile.open(folder)
  await t.assert.rejects(JournalFile.open(folder), /has this journal open/)
  await file.close()
  await writeFile(join(folder, 'lock'), '999999999')
  t.assert.deepEqual(await held(folder), [])
})

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-journal-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

async function written(folder: string, records: readonly object[]): Promise<Buffer> {
  const { file } = await JournalFile.open(folder)
  await Promise.all(records.map((record) => file.append(record)))
  await file.close()
  return readFile(await onlyFile(folder))
}

async function held(folder: string): Promise<unknown[]> {
  const { file, records } = await JournalFile.open(folder)
  await file.close()
  return records
}

async function onlyFile(folder: string): Promise<string> {
  const [name, ...others] = (await readdir(folder)).filter((file) => file.endsWith('.log'))
  if (name === undefined || others.length > 0) throw new Error(`${others.length + 1} files`)
  return join(folder, name)
}
