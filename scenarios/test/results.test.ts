import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { renderCsv } from '../report/csv.ts'
import { renderMarkdown } from '../report/markdown.ts'
import { publishedFolder, publishedRuns } from '../report/published.ts'
import { withResults, withRuns } from '../report/readme-section.ts'
import { poolsOf, todayPool } from '../report/runs-text.ts'

const root = join(import.meta.dirname, '../..')
const runs = await publishedRuns(root)
const pools = poolsOf(runs)
const remedy = 'it is not what its results.json makes: npm run results'

test('what READMEs say of results is what the committed runs make; npm run results makes it', async (t: TestContext) => {
  t.assert.ok(runs.length > 0)
  const readme = await readFile(join(root, 'README.md'), 'utf8')
  t.assert.ok(withResults(readme, pools, todayPool(runs)) === readme, remedy)
  const ofRuns = await readFile(join(root, publishedFolder, 'README.md'), 'utf8')
  t.assert.ok(withRuns(ofRuns, pools, runs) === ofRuns, remedy)
})

for (const { folder, summary } of runs) {
  test(`${folder}: reports are made from its results.json, and no file is above 4 MB`, async (t: TestContext) => {
    const text = async (name: string) => await readFile(join(root, folder, name), 'utf8')
    t.assert.ok((await text('report.md')) === renderMarkdown(summary), remedy)
    t.assert.ok((await text('figures.csv')) === renderCsv(summary), remedy)
    for (const name of ['results.json', 'report.html', 'report.md', 'figures.csv']) {
      t.assert.ok((await stat(join(root, folder, name))).size < 4 * 2 ** 20, name)
    }
  })
}

test('a README without a place for results is refused', (t: TestContext) => {
  t.assert.throws(() => withResults('# README', [], null), /has no <!-- margins/)
  const margins = '<!-- margins: made by npm run results --><!-- /margins -->'
  t.assert.throws(() => withResults(margins, [], null), /has no <!-- today/)
  const today = '<!-- today: made by npm run results --><!-- /today -->'
  t.assert.throws(() => withResults(margins + today, [], null), /has no <!-- worth/)
  t.assert.throws(() => withRuns('# Results', [], []), /has no <!-- runs/)
})
