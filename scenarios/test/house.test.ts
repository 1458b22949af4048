import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'

const root = join(import.meta.dirname, '../..')

/** An import that the house forbids: where it stands, what it says, and the words it is refused with. */
const forbidden = [
  ['agents/agent.ts', '../proxy/proxy.ts', 'An agent knows nothing of the proxy.'],
  ['agents/agent.ts', '../scenarios/stack.ts', 'An agent knows nothing of the proxy.'],
  ['proxy/relay.ts', '../agents/agent.ts', 'Of the agents, the proxy knows the report alone.'],
  ['proxy/relay.ts', '../scenarios/stack.ts', 'Of the agents, the proxy knows the report alone.'],
  ['proxy/state/vector.ts', 'node:fs', 'they do no I/O'],
  ['proxy/balance/cheapest.ts', 'undici', 'they do no I/O'],
  ['proxy/rpc/call.ts', '../upstream/fleet.ts', 'they do no I/O'],
  ['scenarios/run.ts', '../proxy/relay.ts', 'the public faces alone'],
  ['scenarios/run.ts', '../agents/server.ts', 'the public faces alone'],
] as const

/** A report is told in two languages: our own, and ORCA. */
const allowed = [
  ['proxy/relay.ts', '../agents/report.ts'],
  ['proxy/relay.ts', '../agents/orca.ts'],
  ['proxy/relay.ts', '../agents/orca-report.ts'],
  ['proxy/state/vector.ts', '../../agents/report.ts'],
  ['scenarios/run.ts', '../proxy/index.ts'],
] as const

test('an import that the house forbids is refused, with the reason', (t: TestContext) => {
  for (const [file, from, reason] of forbidden) {
    const { status, said } = checked(t, { [file]: `import '${from}'\n` })
    t.assert.equal(status, 1, `${file} imports ${from}`)
    t.assert.ok(said.includes(reason), `${file} imports ${from}: ${said}`)
  }
})

test('the imports that the house is built on pass', (t: TestContext) => {
  for (const [file, from] of allowed) {
    const { status, said } = checked(t, { [file]: `import '${from}'\n` })
    t.assert.equal(status, 0, said)
  }
})

test('a clock read where only computing is done is refused', (t: TestContext) => {
  const { status, said } = checked(t, { 'proxy/state/x.ts': 'export const now = Date.now()\n' })
  t.assert.equal(status, 1)
  t.assert.ok(said.includes('Take a Clock.'), said)
})

test('a cycle of imports is refused', (t: TestContext) => {
  const { status, said } = checked(t, {
    'proxy/a.ts': "import { b } from './b.ts'\nexport const a = () => b\n",
    'proxy/b.ts': "import { a } from './a.ts'\nexport const b = () => a\n",
  })
  t.assert.equal(status, 1)
  t.assert.ok(said.includes('noImportCycles'), said)
})

/** The proxy from the outside in: what stands further up may import what stands further down. */
const storeys = [
  ['bin'],
  ['settings', 'index', 'proxy'],
  ['wiring', 'unknown-cores'],
  ['fleet-snapshot', 'own-load', 'server', 'metrics'],
  ['admin'],
  ['relay', 'outcomes', 'single-call', 'batch-call', 'pinned-errand'],
  ['streams'],
  ['writes'],
  ['members', 'member', 'upstream-of'],
  ['config', 'placement'],
  ['held-errand', 'recorder'],
  ['record'],
  ['exchange'],
  ['consistency'],
  ['upstream'],
  ['discovery'],
  ['explanation', 'schedule'],
  ['balance'],
  ['state'],
  ['rpc'],
  ['contracts', 'abi'],
  ['stats', 'errors', 'clock', 'rng', 'log'],
] as const

test('inside the proxy, imports go one way', (t: TestContext) => {
  const storeyOf = (path: string): number => {
    const room = path.split('/')[1]?.replace(/\.ts$/, '') ?? ''
    const found = storeys.findIndex((rooms) => rooms.some((name) => name === room))
    if (found < 0) throw new Error(`${path} stands on no storey: draw it in`)
    return found
  }
  const upward = tracked(/^proxy\/.*\.ts$/)
    .filter((file) => !/\.test\.ts$|\/test\//.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8')
      const imports = [...text.matchAll(/from '(\.[^']+)'/g)].map(([, path = '']) => path)
      return imports
        .map((path) => join(dirname(file), path))
        .filter((path) => path.startsWith('proxy/') && storeyOf(path) < storeyOf(file))
        .map((path) => `${file} imports ${path}`)
    })
  t.assert.deepEqual(upward, [])
})

test('no file of code is above 300 lines', (t: TestContext) => {
  const long = tracked(/\.(ts|js|css|sol|sh)$/)
    .filter((file) => !file.includes('/vendor/'))
    .filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 301)
  t.assert.deepEqual(long, [])
})

test('the compiler is as strict as promised', (t: TestContext) => {
  const { compilerOptions } = JSON.parse(readFileSync(join(root, 'tsconfig.json'), 'utf8'))
  for (const option of [
    'strict',
    'noUncheckedIndexedAccess',
    'exactOptionalPropertyTypes',
    'erasableSyntaxOnly',
  ]) {
    t.assert.equal(compilerOptions[option], true, option)
  }
})

test('no lock file names a registry', (t: TestContext) => {
  for (const file of tracked(/package-lock\.json$/)) {
    t.assert.equal(
      readFileSync(join(root, file), 'utf8').includes('"resolved": "http'),
      false,
      file,
    )
  }
})

/** Runs the repository's Biome with its own rules over a folder that holds just `files`. */
function checked(
  t: TestContext,
  files: Record<string, string>,
): { status: number | null; said: string } {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-house-'))
  t.after(() => rmSync(folder, { recursive: true }))
  cpSync(join(root, '.biome.json'), join(folder, '.biome.json'))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const biome = join(root, 'node_modules/.bin/biome')
  const run = spawnSync(biome, ['lint', '--colors=off', '--max-diagnostics=20'], {
    cwd: folder,
    encoding: 'utf8',
  })
  return { status: run.status, said: run.stdout + run.stderr }
}

function tracked(name: RegExp): string[] {
  const run = spawnSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' })
  return run.stdout.split('\n').filter((file) => name.test(file))
}
