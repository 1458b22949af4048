import { type TestContext, test } from 'node:test'
import { renderCsv } from './csv.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import { readResults } from './results.ts'
import { summarize } from './summary.ts'
import { renderTerminal } from './terminal.ts'

// The latencies in golden/results.json are drawn from a seed, not measured.
const golden = (name: string) => new URL(`./golden/${name}`, import.meta.url).pathname
const summary = summarize(await readResults(golden('results.json')))
const plain = { serializers: [String] }

test('the same results make the same report to the letter', (t: TestContext) => {
  const text = renderTerminal(summary, { isColoured: false })
  t.assert.fileSnapshot(text, golden('report.txt.golden'), plain)
  t.assert.fileSnapshot(renderMarkdown(summary), golden('report.md.golden'), plain)
  t.assert.fileSnapshot(renderHtml(summary), golden('report.html.golden'), plain)
})

test('colour adds escapes and changes no letter', (t: TestContext) => {
  const coloured = renderTerminal(summary, { isColoured: true })
  t.assert.ok(coloured.includes('\u001b[1m'))
  t.assert.equal(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes begin with one
    coloured.replaceAll(/\u001b\[\d+m/g, ''),
    renderTerminal(summary, { isColoured: false }),
  )
})

test('the page loads nothing from anywhere and runs no script', (t: TestContext) => {
  const page = renderHtml(summary)
  t.assert.doesNotMatch(page, /<script|<img|<iframe|@import|url\(/)
  const links = page.match(/(?:src|href)="[^"]*"/g) ?? []
  t.assert.deepEqual(
    links.filter((link) => !link.startsWith('href="#')),
    ['href="data:,"'],
  )
})

test('every link within the page leads somewhere', (t: TestContext) => {
  const page = renderHtml(summary)
  const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, anchor]) => anchor)
  t.assert.equal(links.length, summary.cells.length)
  for (const anchor of links) t.assert.ok(page.includes(`id="${anchor}"`), anchor)
})

test('a table of values holds every figure once, and one line for each', (t: TestContext) => {
  const [head = '', ...lines] = renderCsv(summary).trimEnd().split('\r\n')
  const width = head.split(',').length
  t.assert.ok(lines.every((line) => line.split(',').length === width))
  const keys = lines.map((line) => {
    const [condition, , , , , contender, label, measure] = line.split(',')
    return [condition, contender, label, measure].join()
  })
  t.assert.equal(new Set(keys).size, keys.length)
  const p99 = lines.find((line) => /0\.7,[^,]+,state-space,all,p99_ms/.test(line))
  t.assert.match(p99 ?? '', /,p99_ms,53\.\d+,37\.\d+,75\.\d+,0\.9\d+,0\.7\d+,1\.1\d+$/)
})

test('names from outside cannot become markup', (t: TestContext) => {
  const { results } = summary
  const evil = '<b>"&'
  const renamed = summarize({
    ...results,
    command: evil,
    notes: [evil],
    parameters: {
      ...results.parameters,
      contenders: [evil, ...results.parameters.contenders.slice(1)],
    },
    trials: results.trials.map((trial) =>
      trial.contender === results.parameters.contenders[0] ? { ...trial, contender: evil } : trial,
    ),
  })
  const page = renderHtml(renamed)
  t.assert.ok(!page.includes(evil))
  t.assert.ok(page.includes('&lt;b&gt;&quot;&amp;'))
})
