import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { FileProvider } from './file.ts'
import { listeningTo } from './test/told.ts'

const nodes = (...ids: readonly string[]): string =>
  JSON.stringify({ nodes: ids.map((id) => ({ id, url: `http://${id}.test:8545` })) })

test('a file is followed, also when another is put in its place', async (t: TestContext) => {
  const folder = await folderOf(t)
  const path = join(folder, 'nodes.yaml')
  await writeFile(path, 'nodes:\n  - { id: a, url: "http://10.0.0.1:8545", cores: 2 }\n')
  const told = listeningTo(t, new FileProvider(path))
  const [a] = await told.ids('a')
  t.assert.deepEqual([a?.url.host, a?.cores], ['10.0.0.1:8545', 2])
  await writeFile(path, nodes('a', 'b'))
  await told.ids('a', 'b')
  // As editors and deployments write: to the side, then over it.
  await writeFile(join(folder, '.next'), nodes('b', 'c'))
  await rename(join(folder, '.next'), path)
  await told.ids('b', 'c')
})

test('a file with any error in it counts as it was without, and the errors are told with their paths', async (t: TestContext) => {
  const folder = await folderOf(t)
  const path = join(folder, 'nodes.json')
  await writeFile(path, nodes('a'))
  const provider = new FileProvider(path)
  const told = listeningTo(t, provider)
  await told.ids('a')
  const bad: readonly (readonly [string, RegExp])[] = [
    ['{"nodes":[{"id":"a"', /nodes\.json: /],
    ['nodes: [{id: b, url: "ftp://x"}]', /nodes\[0\]\.url: want a URL/],
    [nodes('b', 'b'), /nodes\[1\]\.id: b is there twice/],
    ['{"nodes":[],"node":[]}', /Unrecognized key.*node/],
    ['nodes: [{id: "a b", url: "http://x", agentt: 1}]', /nodes\[0\]\.id: want 1 to 63/],
    ['- 7', /nodes\.json: file: /],
    ['\u0000\u0001', /nodes\.json: /],
    ['a: &a [*a, *a]', /nodes\.json: /],
    ['x'.repeat(5_000_000), /larger than/],
  ]
  for (const [text, problem] of bad) {
    await writeFile(join(folder, '.next'), text)
    await rename(join(folder, '.next'), path)
    await told.failure(problem)
    t.assert.equal(told.nodes.map(({ id }) => id).join(), 'a')
  }
  await unlink(path)
  await told.failure(/ENOENT/)
  await writeFile(path, nodes('d'))
  await told.ids('d')
})

test('a folder is the sum of its files, and one bad file takes nothing from the others', async (t: TestContext) => {
  const folder = await folderOf(t)
  await writeFile(join(folder, '1.yaml'), nodes('a'))
  await writeFile(join(folder, '2.json'), nodes('b'))
  await writeFile(join(folder, 'README.md'), 'none of ours')
  await writeFile(join(folder, '.3.yaml.swp'), 'none of ours')
  const told = listeningTo(t, new FileProvider(folder))
  await told.ids('a', 'b')
  await writeFile(join(folder, '1.yaml'), 'nodes: 7')
  await told.failure(/^1\.yaml: nodes: /)
  await writeFile(join(folder, '3.yml'), nodes('c'))
  await told.ids('a', 'b', 'c')
  await writeFile(join(folder, '4.yml'), nodes('c', 'd'))
  const word = await told.until((word) => 'problems' in word && word.problems.length > 0)
  t.assert.deepEqual('problems' in word && word.problems, ['c of 4.yml: the id is taken'])
  await unlink(join(folder, '2.json'))
  await told.ids('a', 'c', 'd')
})

test('a mounted ConfigMap is followed: its files are links behind a link that is swapped', async (t: TestContext) => {
  const folder = await folderOf(t)
  const versions = (name: string): string => join(folder, name)
  await mkdir(versions('..2026_1'))
  await writeFile(join(versions('..2026_1'), 'nodes.yaml'), nodes('a'))
  await symlink('..2026_1', join(folder, '..data'))
  await symlink(join('..data', 'nodes.yaml'), join(folder, 'nodes.yaml'))
  const one = listeningTo(t, new FileProvider(join(folder, 'nodes.yaml')))
  const all = listeningTo(t, new FileProvider(folder))
  await Promise.all([one.ids('a'), all.ids('a')])
  await mkdir(versions('..2026_2'))
  await writeFile(join(versions('..2026_2'), 'nodes.yaml'), nodes('b'))
  await symlink('..2026_2', join(folder, '..data_tmp'))
  await rename(join(folder, '..data_tmp'), join(folder, '..data'))
  await rm(versions('..2026_1'), { recursive: true })
  await Promise.all([one.ids('b'), all.ids('b')])
})

test('what is asked for is told, although nothing has changed', async (t: TestContext) => {
  const folder = await folderOf(t)
  const path = join(folder, 'nodes.yaml')
  await writeFile(path, nodes('a'))
  const provider = new FileProvider(path)
  const told = listeningTo(t, provider)
  await told.ids('a')
  told.words.length = 0
  provider.reload()
  await told.ids('a')
  await provider.close()
  told.words.length = 0
  await writeFile(path, nodes('b'))
  provider.reload()
  t.assert.deepEqual(told.words, [])
})

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-nodes-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}
