import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { agentMetricRows } from '../../agents/index.ts'
import { configKeys, failures, metricNames, strategyNames } from '../../proxy/index.ts'

const root = join(import.meta.dirname, '../..')
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const agentReadme = readFileSync(join(root, 'agents/README.md'), 'utf8')

/** The first cells of the rows below the heading `title`, unquoted. */
function rows(title: string, text = readme): string[][] {
  const section = text.split(/^#+ /m).find((part) => part.startsWith(`${title}\n`)) ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    )
}

test("README's strategies are the ones there are", (t: TestContext) => {
  t.assert.deepEqual(
    rows('Strategies').map(([name]) => name),
    strategyNames,
  )
})

test("README's table of errors is the code's", (t: TestContext) => {
  t.assert.deepEqual(
    rows("Errors of the proxy's own").map(([name, code, message]) => [name, code, message]),
    Object.entries(failures).map(([name, { rpc, message }]) => [name, String(rpc), message]),
  )
})

test("README's table of configuration names every key, and none that is not", (t: TestContext) => {
  const named = rows('Configuration').flatMap(([keys = '']) => keys.replace(/:.*/, '').split(', '))
  t.assert.deepEqual(named.toSorted(), [...configKeys].toSorted())
})

test("README's flags are those of --help", (t: TestContext) => {
  const { stdout } = spawnSync(process.execPath, [join(root, 'proxy/bin.ts'), '--help'], {
    encoding: 'utf8',
  })
  const named = rows('Configuration').flatMap(([, flags = '']) => flags.match(/--[a-z.-]+/g) ?? [])
  const offered = [...stdout.matchAll(/^ {2}(--[a-z.-]+)/gm)].map(([, flag]) => flag)
  const plain = ['--version', '--help', '--config']
  t.assert.deepEqual([...named, ...plain].toSorted(), offered.toSorted())
})

test("README's metrics are those that a scrape shows", (t: TestContext) => {
  t.assert.deepEqual(
    rows('Metrics')
      .map(([name]) => name?.replace(/\{.*/, ''))
      .toSorted(),
    [...metricNames].toSorted(),
  )
})

test("the agent's README has the flags of its --help", (t: TestContext) => {
  const { stdout } = spawnSync(process.execPath, [join(root, 'agents/bin.ts'), '--help'], {
    encoding: 'utf8',
  })
  const named = rows('Flags', agentReadme).flatMap(([flags = '']) => flags.match(/--[a-z.-]+/g))
  const offered = [...stdout.matchAll(/^ {2}(--[a-z.-]+)/gm)].map(([, flag]) => flag)
  t.assert.deepEqual([...new Set(named), '--version', '--help'].sort(), offered.sort())
})

test("the agent's README has its metrics, with their kinds", (t: TestContext) => {
  t.assert.deepEqual(
    rows('Metrics', agentReadme)
      .map(([name, kind]) => [name?.replace(/\{.*/, ''), kind])
      .toSorted(),
    Object.entries(agentMetricRows)
      .map(([name, { kind }]) => [name, kind])
      .toSorted(),
  )
})
