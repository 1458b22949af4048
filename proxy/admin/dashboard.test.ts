import { readFile } from 'node:fs/promises'
import { after, before, type TestContext, test } from 'node:test'
import { systemClock } from '../clock.ts'
import { seededRng } from '../rng.ts'
import { createAdmin } from './admin.ts'
import type { FleetControl } from './routes.ts'
import { animatedFleet } from './test/animated-fleet.ts'
import { type Browser, startBrowser } from './test/browser.ts'
import { emptyLedger, noContracts, noReports, runningAdmin } from './test/running-admin.ts'

let browser: Browser | null = null

before(async () => {
  browser = await startBrowser()
})

after(async () => {
  await browser?.close()
})

const text = (selector: string) => `document.querySelector(${JSON.stringify(selector)}).innerText`
const isLive = `${text('#stream')} === 'live' && document.querySelectorAll('#rows tr').length === 4`

test('the page shows every node, draws, loads nothing from elsewhere and has no complaint', async (t: TestContext) => {
  const { page, url } = await opened(t)
  if (page === null) return
  await page.until(isLive)
  await page.until(
    `${text('#rate')} !== '–' && document.querySelectorAll('.uplot canvas').length === 2`,
  )
  t.assert.match(String(await page.value(text('#rows'))), /geth-a.*geth-d.*connection refused/s)
  t.assert.match(String(await page.value(text('#off-plane'))), /geth-d \(no report\)/)
  t.assert.match(
    String(await page.value(`document.querySelector('#plane').ariaLabel`)),
    /geth-c at \d+ and \d+ per cent/,
  )
  await page.until(`(${colours}) > 50`)
  t.assert.deepEqual(
    page.requests.filter((asked) => !asked.startsWith(`${url}/`)),
    [],
  )
  t.assert.deepEqual(page.problems, [])
})

test('drain, resume and a choice of strategy reach the fleet, and the page shows them', async (t: TestContext) => {
  const { page, fleet } = await opened(t)
  if (page === null) return
  await page.until(isLive)
  const button = 'tr:nth-child(2) button'
  await page.value(`document.querySelector('#rows ${button}').click()`)
  await page.until(`${text(`#rows ${button}`)} === 'Resume'`)
  t.assert.equal(fleet.snapshot().nodes[1]?.draining, true)
  t.assert.match(String(await page.value(text('#rows tr:nth-child(2)'))), /draining/)
  await page.value(`document.querySelector('#rows ${button}').click()`)
  await page.until(`${text(`#rows ${button}`)} === 'Drain'`)
  t.assert.equal(fleet.snapshot().nodes[1]?.draining, false)
  await page.value(`{ const select = document.querySelector('#strategy')
    select.value = 'round-robin'
    select.dispatchEvent(new Event('change')) }`)
  await page.until(`${text('#events')}.includes('Strategy is now round-robin')`)
  t.assert.equal(fleet.snapshot().strategy, 'round-robin')
  t.assert.deepEqual(page.problems, [])
})

test('a proxy that ends is said, and found again when it is back', async (t: TestContext) => {
  const { page, url, admin, fleet } = await opened(t)
  if (page === null) return
  await page.until(isLive)
  await admin.close()
  await page.until(`!document.querySelector('#banner').hidden`)
  t.assert.match(
    String(await page.value(text('#banner'))),
    /No connection to the proxy. What you see is \d+ s old/,
  )
  const port = Number(new URL(url).port)
  const again = createAdmin({
    ...silent,
    port,
    token: null,
    fleet,
    ledger: emptyLedger,
    contracts: noContracts,
    reports: noReports,
  })
  t.after(() => again.close())
  await again.listen()
  await page.until(`document.querySelector('#banner').hidden && ${text('#stream')} === 'live'`)
  t.assert.match(String(await page.value(text('#events'))), /The proxy is back.*Lost the proxy/s)
})

test('a port with a token asks for it, refuses a wrong one and opens with the right one', async (t: TestContext) => {
  const { page } = await opened(t, 's3cret')
  if (page === null) return
  const give = (token: string) => `{ const input = document.querySelector('#token')
    input.value = '${token}'
    input.form.requestSubmit() }`
  await page.until(`document.querySelector('#token-dialog').open`)
  await page.value(give('wrong'))
  await page.until(
    `document.querySelector('#token-dialog').open && !document.querySelector('#token-wrong').hidden`,
  )
  await page.value(give('s3cret'))
  await page.until(isLive)
  t.assert.equal(await page.value(`document.querySelector('#token-dialog').open`), false)
})

test('no width makes the page scroll sideways', async (t: TestContext) => {
  for (const width of [360, 760, 1000, 1280, 1920]) {
    const { page } = await opened(t, null, width)
    if (page === null) return
    await page.until(isLive)
    t.assert.ok(await page.value(fits), `${width} px`)
  }
})

test('a chart and its legend fill their panel at any width', async (t: TestContext) => {
  for (const width of [360, 700, 1280]) {
    const { page } = await opened(t, null, width)
    if (page === null) return
    await page.until(isLive)
    await page.until(`document.querySelectorAll('.uplot canvas').length === 2`)
    await page.until(`[...document.querySelectorAll('.chart')].every((chart) => {
      const used = chart.querySelector('.u-wrap').offsetHeight + chart.querySelector('.u-legend').offsetHeight
      return Math.abs(chart.clientHeight - used) <= 1 })`)
  }
})

test('what is vendored is uPlot as npm has it', async (t: TestContext) => {
  const ours = `${import.meta.dirname}/dashboard/vendor`
  const theirs = `${import.meta.dirname}/../../node_modules/uplot`
  const pairs = [
    ['uplot.js', 'dist/uPlot.esm.js'],
    ['uplot.css', 'dist/uPlot.min.css'],
    ['LICENSE.txt', 'LICENSE'],
  ]
  for (const [our, their] of pairs) {
    t.assert.equal(
      await readFile(`${ours}/${our}`, 'utf8'),
      await readFile(`${theirs}/${their}`, 'utf8'),
    )
  }
})

const fits = 'document.documentElement.scrollWidth <= document.documentElement.clientWidth'

const silent = {
  addr: '127.0.0.1',
  metrics: { contentType: 'text/plain', render: async () => '' },
  eventIntervalMs: 50,
}

/** How many colours the state plane has: one when nothing was drawn. */
const colours = `(() => {
  const { width, height } = document.querySelector('#plane')
  const { data } = document.querySelector('#plane').getContext('2d').getImageData(0, 0, width, height)
  return new Set(new Uint32Array(data.buffer)).size
})()`

/** The dashboard of a fleet of four in a new tab; the test is skipped where there is no browser. */
async function opened(t: TestContext, token: string | null = null, width = 1280) {
  const fleet: FleetControl = animatedFleet(systemClock, seededRng(1))
  const { admin, url } = await runningAdmin(t, { ...silent, fleet, token })
  if (browser === null) t.skip('no Chromium is installed here')
  const page = browser === null ? null : await browser.open(`${url}/`, { width, height: 900 })
  return { admin, fleet, page, url }
}
