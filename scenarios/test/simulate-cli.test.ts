import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { strategyNames } from '../../proxy/index.ts'

const bin = new URL('../bin.ts', import.meta.url).pathname
const short = ['--seeds', '1', '--seconds', '2', '--warmup', '1']

test('simulate prints a table without colours, and writes every trial and a page', (t: TestContext) => {
  const folder = temporary(t)
  const files = ['--json', join(folder, 'a.json'), '--html', join(folder, 'a.html')]
  const { status, stdout } = ran(['simulate', '--scenario', 'hetero,B1', ...short, ...files])
  t.assert.equal(status, 0)
  for (const name of strategyNames) t.assert.ok(stdout.includes(name), name)
  t.assert.match(stdout, /hetero: times weighted-least-connection/)
  t.assert.ok(!stdout.includes('\u001b'))
  const { trials } = JSON.parse(readFileSync(join(folder, 'a.json'), 'utf8'))
  t.assert.equal(trials.length, 2 * strategyNames.length)
  t.assert.ok(
    trials.every((trial: { figures: { all: { count: number } } }) => trial.figures.all.count > 0),
  )
  t.assert.match(readFileSync(join(folder, 'a.html'), 'utf8'), /<table>.*state-space/s)
})

test('parts of a strategy can be switched, and another load set', (t: TestContext) => {
  const list = 'weighted-least-connection,state-space:hold=off'
  const args = ['simulate', '--scenario', 'both', '--load', '0.4', '--strategies', list, ...short]
  const { status, stdout } = ran(args)
  t.assert.equal(status, 0)
  t.assert.match(stdout, /load 0\.4/)
  t.assert.match(stdout, /state-space:hold=off/)
})

test('hold-outs are judged against each rival and the best of them', (t: TestContext) => {
  const list = 'least-connection,weighted-least-connection,state-space:hold=off'
  const { status, stdout } = ran(['simulate', '--holdout', '2', '--strategies', list, ...short])
  t.assert.equal(status, 0)
  t.assert.match(stdout, /state-space:hold=off on 2 hold-out clusters/)
  t.assert.match(stdout, /the best rival +\d/)
})

test('replay prints what each strategy would have done with a record', (t: TestContext) => {
  const file = join(temporary(t), 'record.ndjson')
  const nodes = [
    { id: 'a', cores: 1 },
    { id: 'b', cores: 1 },
  ]
  const lines = [
    { k: 'start', v: 1, t: 0, wall: 0, strategy: 'round-robin', nodes },
    {
      k: 'call',
      t: 1,
      key: 'eth_call',
      kind: 'read',
      cpuMs: 1,
      diskMs: 0,
      among: 2,
      node: 'a',
      heldMs: 0,
      tookMs: 1,
      failed: false,
    },
  ]
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const { status, stdout } = ran(['replay', file])
  t.assert.equal(status, 0)
  t.assert.match(stdout, /1 calls, recorded under round-robin/)
  for (const name of strategyNames) t.assert.ok(stdout.includes(name), name)
})

const refused: readonly (readonly [readonly string[], number, number])[] = [
  [['simulate', '--scenario', 'x', '--load', 'much', '--strategies', 'best'], 2, 3],
  [['simulate', '--holdout', '3', '--scenario', 'B1'], 2, 1],
  [['replay', '/no/such/file'], 2, 1],
  [['replay'], 2, 1],
  [['replay', bin], 1, 1],
]

for (const [args, code, problems] of refused) {
  test(`${args.join(' ').replace(bin, 'FILE')}: exit code ${code}, one line a problem`, (t: TestContext) => {
    const { status, stdout, stderr } = ran(args)
    t.assert.equal(status, code)
    t.assert.equal(stdout, '')
    t.assert.equal(stderr.trimEnd().split('\n').length, problems, stderr)
  })
}

function ran(args: readonly string[]) {
  return spawnSync(process.execPath, [bin, ...args], { encoding: 'utf8' })
}

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-simulate-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return folder
}
