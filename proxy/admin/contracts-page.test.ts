import { after, before, type TestContext, test } from 'node:test'
import { type Browser, startBrowser } from './test/browser.ts'
import { noContracts, runningAdmin } from './test/running-admin.ts'
import { sampleContracts } from './test/sample-contracts.ts'

let browser: Browser | null = null

before(async () => {
  browser = await startBrowser()
})

after(async () => {
  await browser?.close()
})

const rows = `[...document.querySelectorAll('#rows tbody tr')].map((row) => row.innerText)`

test('it shows contracts with their functions, the busiest first, and those without room last', async (t: TestContext) => {
  const page = await opened(t)
  if (page === null) return
  await page.until(`${rows}.length === 8`)
  const shown = (await page.value(rows)) as string[]
  t.assert.match(String(shown[0]), /Marbles\s*0xababab…ababab\s+655\s+559\s.*8 \(1 %\)/s)
  t.assert.match(
    String(shown[1]),
    /create\s*\(string,string,uint256\)\s+420\s.*60\.48 M\s+151,204/s,
  )
  t.assert.match(String(shown[4]), /deployed\s+1\s/)
  t.assert.match(String(shown[7]), /all others.*24\s/s)
  t.assert.deepEqual(page.problems, [])
})

test('order and search change what is shown at once', async (t: TestContext) => {
  const page = await opened(t)
  if (page === null) return
  await page.until(`${rows}.length === 8`)
  const set = (name: string, value: string) => `{
    const field = document.querySelector('#filters').elements['${name}']
    field.value = '${value}'
    field.dispatchEvent(new Event('input', { bubbles: true })) }`
  await page.value(set('order', 'slowest'))
  t.assert.match(String(((await page.value(rows)) as string[])[1]), /deployed/)
  await page.value(set('find', 'TRANSFER'))
  t.assert.equal(await page.value(`${rows}.length`), 2)
  await page.value(set('find', `0x${'cd'.repeat(20)}`))
  t.assert.equal(await page.value(`${rows}.length`), 2)
  await page.value(set('find', 'nothing'))
  t.assert.equal(
    await page.value(`document.querySelector('#none').innerText`),
    'No contract or function is called so.',
  )
})

test('before the first call it says so', async (t: TestContext) => {
  const page = await opened(t, { contracts: noContracts })
  await page?.until(`document.querySelector('#none').innerText === 'No contract was called yet.'`)
})

test('a port with a token asks for it here too', async (t: TestContext) => {
  const page = await opened(t, { token: 's3cret' })
  if (page === null) return
  await page.until(`document.querySelector('#token-dialog').open`)
  await page.value(`{ const input = document.querySelector('#token')
    input.value = 's3cret'
    input.form.requestSubmit() }`)
  await page.until(`${rows}.length === 8`)
})

test('no width makes it scroll sideways', async (t: TestContext) => {
  for (const width of [360, 760, 1280]) {
    const page = await opened(t, {}, width)
    if (page === null) return
    await page.until(`${rows}.length === 8`)
    const fits = 'document.documentElement.scrollWidth <= document.documentElement.clientWidth'
    t.assert.ok(await page.value(fits), `${width} px`)
  }
})

/** Skipped where there is no browser. */
async function opened(t: TestContext, but: Parameters<typeof runningAdmin>[1] = {}, width = 1400) {
  const { url } = await runningAdmin(t, { contracts: sampleContracts, ...but })
  if (browser === null) t.skip('no Chromium is installed here')
  return browser === null
    ? null
    : await browser.open(`${url}/contracts.html`, { width, height: 900 })
}
