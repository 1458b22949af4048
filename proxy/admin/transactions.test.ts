import { type TestContext, test } from 'node:test'
import type { Entry } from '../writes/entry.ts'
import { AdminError } from './reply.ts'
import { parseTransactionQuery, transactionsCsv, transactionsPage } from './transactions.ts'

const source = {
  size: 5,
  pendingCount: 3,
  entries: () => [0, 1, 2, 3, 4].map(entry),
}

test('pages of the newest first lead through all, each once', (t: TestContext) => {
  const seen: string[] = []
  let before = ''
  for (let pages = 0; pages < 3; pages += 1) {
    const query = `limit=2${before === '' ? '' : `&before=${before}`}`
    const page = transactionsPage(source, parse(query))
    seen.push(...page.transactions.map(({ nonce }) => nonce))
    before = page.next ?? ''
  }
  t.assert.deepEqual(seen, ['4', '3', '2', '1', '0'])
  t.assert.equal(before, '')
})

test('filters hold together', (t: TestContext) => {
  const sender = entry(2).sender.toUpperCase().replace('0X', '0x')
  const page = transactionsPage(source, parse(`state=pending&sender=${sender}`))
  t.assert.deepEqual(
    page.transactions.map(({ nonce }) => nonce),
    ['4', '2', '0'],
  )
  t.assert.equal(transactionsPage(source, parse('state=mined')).transactions.length, 2)
  t.assert.equal(transactionsPage(source, parse(`to=0x${'9'.repeat(40)}`)).transactions.length, 0)
})

test('what is no query is refused by name', (t: TestContext) => {
  for (const query of ['state=gone', 'limit=0', 'limit=x', 'sender=0x1', 'before=1', 'foo=1']) {
    t.assert.throws(
      () => parse(query),
      (error) =>
        error instanceof AdminError &&
        error.status === 400 &&
        error.message.includes(query === 'foo=1' ? 'foo' : (query.split('=')[0] ?? '')),
    )
  }
})

test('a table of text opens as text: no cell is a formula, no row is torn', (t: TestContext) => {
  const { transactions } = transactionsPage(
    { ...source, entries: () => [{ ...entry(0), reason: '=1+1, "so"\nit says' }] },
    parse(''),
  )
  const [names, row] = transactionsCsv(transactions).split('\r\n')
  t.assert.match(names ?? '', /^hash,sender,nonce,to,state,block/)
  t.assert.ok(row?.endsWith('"\'=1+1, ""so""\nit says"'), row)
})

function parse(query: string) {
  return parseTransactionQuery(new URLSearchParams(query))
}

function entry(n: number): Entry {
  return {
    hash: `0x${String(n).padStart(64, '0')}`,
    sender: `0x${'ab'.repeat(19)}${n % 2 === 0 ? 'ab' : 'cd'}`,
    nonce: BigInt(n),
    to: null,
    raw: Buffer.alloc(0),
    acceptedMs: n,
    node: 'a',
    state: n % 2 === 0 ? 'pending' : 'mined',
    block: n % 2 === 0 ? null : { number: n, hash: '0xb' },
    reason: null,
    offers: 0,
  }
}
