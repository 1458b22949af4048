import { after, before, type TestContext, test } from 'node:test'
import type { LoggedBlock } from '../writes/block-log.ts'
import { type Entry, entryStates } from '../writes/entry.ts'
import type { Ledger } from './ledger-routes.ts'
import { type Browser, startBrowser } from './test/browser.ts'
import { runningAdmin } from './test/running-admin.ts'

let browser: Browser | null = null

before(async () => {
  browser = await startBrowser()
})

after(async () => {
  await browser?.close()
})

const rows = `[...document.querySelectorAll('#rows tr')].map((row) => row.innerText)`
const click = (selector: string) => `document.querySelector('${selector}').click()`

test('it shows what was sent, a page at a time, newest first, and the blocks', async (t: TestContext) => {
  const page = await opened(t)
  if (page === null) return
  await page.until(`${rows}.length === 50`)
  const first = (await page.value(rows)) as string[]
  t.assert.match(String(first[0]), /dropped.*119.*geth-a/s)
  t.assert.match(String(first[2]), /mined.*block 1,117/s)
  t.assert.match(
    String(await page.value(`document.querySelector('#blocks').innerText`)),
    /orphaned/,
  )
  await page.value(click('#older'))
  await page.until(`${rows}[0]?.includes('69')`)
  await page.value(click('#newest'))
  await page.until(`${rows}[0]?.includes('119')`)
  t.assert.deepEqual(page.problems, [])
})

test('filters and what is saved are of one mind', async (t: TestContext) => {
  const page = await opened(t)
  if (page === null) return
  await page.until(`${rows}.length === 50`)
  await page.value(`{ const form = document.querySelector('#filters')
    form.state.value = 'mined'
    form.requestSubmit() }`)
  await page.until(`${rows}.length === 30 && ${rows}.every((row) => row.includes('mined'))`)
  await page.value(`{ globalThis.saved = null
    URL.createObjectURL = (blob) => { blob.text().then((text) => { saved = text }); return 'blob:x' }
    HTMLAnchorElement.prototype.click = function () { globalThis.savedAs = this.download } }`)
  await page.value(click('[data-save="csv"]'))
  await page.until('saved !== null')
  t.assert.equal(await page.value('savedAs'), 'transactions.csv')
  t.assert.equal(
    String(await page.value('saved'))
      .trim()
      .split('\r\n').length,
    31,
  )
  await page.value(`{ const form = document.querySelector('#filters')
    form.sender.value = 'nobody'
    form.requestSubmit() }`)
  await page.until(`document.querySelector('#wrong').innerText.includes('want 0x')`)
})

test('a port with a token asks for it here too', async (t: TestContext) => {
  const page = await opened(t, 1280, 's3cret')
  if (page === null) return
  await page.until(`document.querySelector('#token-dialog').open`)
  await page.value(`{ const input = document.querySelector('#token')
    input.value = 's3cret'
    input.form.requestSubmit() }`)
  await page.until(`${rows}.length === 50`)
})

test('no width makes it scroll sideways', async (t: TestContext) => {
  for (const width of [360, 760, 1280]) {
    const page = await opened(t, width)
    if (page === null) return
    await page.until(`${rows}.length === 50`)
    const fits = 'document.documentElement.scrollWidth <= document.documentElement.clientWidth'
    t.assert.ok(await page.value(fits), `${width} px`)
  }
})

/** 120 transactions in every state, three blocks; skipped where there is no browser. */
async function opened(t: TestContext, width = 1280, token: string | null = null) {
  const entries = Array.from({ length: 120 }, (_, n) => entry(n))
  const ledger: Ledger = {
    journal: { size: 120, pendingCount: 30, entries: () => entries },
    blocks: { blocks: [block(1_114), block(1_115, true), block(1_116)], reorganisations: 1 },
  }
  const { url } = await runningAdmin(t, { ledger, token })
  if (browser === null) t.skip('no Chromium is installed here')
  return browser === null
    ? null
    : await browser.open(`${url}/transactions.html`, { width, height: 900 })
}

function entry(n: number): Entry {
  const state = entryStates[n % entryStates.length] ?? 'pending'
  return {
    hash: `0x${n.toString(16).padStart(64, '0')}`,
    sender: `0x${'5e'.repeat(20)}`,
    nonce: BigInt(n),
    to: n % 7 === 0 ? null : `0x${'70'.repeat(20)}`,
    raw: Buffer.alloc(0),
    acceptedMs: Date.UTC(2026, 10, 21, 12, 0, n),
    node: 'geth-a',
    state,
    block: state === 'mined' ? { number: 1_000 + n, hash: '0xb' } : null,
    reason: state === 'dropped' ? 'invalid sender' : null,
    offers: n % 3,
  }
}

function block(number: number, isOrphaned = false): LoggedBlock {
  return {
    number,
    hash: `0x${number.toString(16).padStart(64, '0')}`,
    timeMs: Date.UTC(2026, 10, 21, 12),
    transactions: 12,
    gasUsed: 252_000,
    gasLimit: 30_000_000,
    seenMs: Date.UTC(2026, 10, 21, 12),
    seenOn: 'geth-a',
    isOrphaned,
  }
}
