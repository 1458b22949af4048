import { type TestContext, test } from 'node:test'
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
  t.assert.deepEqual(page.match(/(?:src|href)="[^"]*"/g), ['href="data:,"'])
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
