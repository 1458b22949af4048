import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type Docker from 'dockerode'
import { labels, openDocker } from '../../fleets/docker/daemon.ts'
import { removeStack } from '../../fleets/docker/remains.ts'
import { benchCommand, type Said } from '../bench-command.ts'
import { descendants, running } from '../process-table.ts'

const name = `up-${process.pid}`
const flags = [
  ...['--fleet', 'docker', '--name', name, '--nodes', '2', '--cpus', '0.5,1', '--contracts'],
  ...['--block-time', '500ms', '--http.port', '0', '--admin.port', '0', '--agent.port', '0'],
]

suite('up and down of containers', { timeout: 240_000 }, () => {
  let docker: Docker
  let folder: string

  before(async () => {
    docker = await openDocker()
    folder = await mkdtemp(join(tmpdir(), 'equipoise-docker-up-'))
    // Making a chain takes longer than all else, and others have made one, or will be glad of it.
    const chains = `equipoise-chains-${process.getuid?.()}`
    await mkdir(join(tmpdir(), chains), { recursive: true, mode: 0o700 })
    await symlink(join(tmpdir(), chains), join(folder, chains))
  })

  after(async () => {
    await bench(['down', '--name', name])
    await removeStack(docker, name)
    await rm(folder, { recursive: true, force: true })
  })

  test('given twice it is up once', async (t: TestContext) => {
    const first = await bench(['up', '--detach', ...flags])
    t.assert.equal(first.code, 0, first.text)
    t.assert.match(first.text, /contracts +\d+\.\d+ s +Marbles, PrivateEquity/)
    t.assert.match(first.text, /Ready after/)
    const containers = await ours()
    t.assert.equal(containers.length, 2)
    const second = await bench(['up', '--detach', ...flags])
    t.assert.equal(second.code, 0, second.text)
    t.assert.match(second.text, /is up already/)
    t.assert.deepEqual(await ours(), containers)
    const other = await bench(['up', ...flags, '--nodes', '3'])
    t.assert.equal(other.code, 1)
    t.assert.match(other.text, /with other flags/)
    const logs = await bench(['logs', 'geth-1', '--name', name])
    t.assert.match(logs.text, /WARN|INFO/)
  })

  test('every fault is shown until it is undone', async (t: TestContext) => {
    for (const fault of ['lag', 'cpu-hog', 'slow-disk', 'stop', 'kill']) {
      const told = await bench(['fault', fault, 'geth-2', '--name', name])
      t.assert.equal(told.code, 0, told.text)
      t.assert.match((await bench(['ps'])).text, new RegExp(`geth-2 .* ${fault}$`, 'm'))
      const undone = await bench(['fault', 'start', 'geth-2', '--name', name])
      t.assert.equal(undone.code, 0, undone.text)
      t.assert.match((await bench(['ps'])).text, /geth-2 +up .*:8545$/m)
    }
    const reorg = await bench(['fault', 'reorg', 'geth-1', '--depth', '2', '--name', name])
    t.assert.match(reorg.text, /2 blocks were replaced by 3 that geth-1 built/)
  })

  test('down leaves nothing', async (t: TestContext) => {
    const down = await bench(['down', '--name', name])
    t.assert.equal(down.code, 0, down.text)
    await nothingLeft(t)
  })

  test('killed together with its reaper, the next up clears all of it', async (t: TestContext) => {
    t.assert.equal((await bench(['up', '--detach', ...flags])).code, 0)
    const containers = await ours()
    const owner = Number(await readFile(join(placeOf(), 'owner'), 'utf8'))
    const family = await descendants(owner)
    const groups = await Promise.all(family.map(wordsOf))
    const reaper = family.find((_, i) => groups[i]?.includes('equipoise-reaper'))
    t.assert.ok(reaper !== undefined, 'its reaper')
    // Stopped first, so that it cannot do its work in the moment between the two.
    process.kill(reaper, 'SIGSTOP')
    process.kill(owner, 'SIGKILL')
    process.kill(reaper, 'SIGKILL')
    const again = await bench(['up', '--detach', ...flags])
    t.assert.equal(again.code, 0, again.text)
    t.assert.match(again.text, /removed what an earlier run left/)
    while ((await running(family)).length > 0) await pause(20)
    for (const id of await ours()) t.assert.ok(!containers.includes(id), `${id} is an old one`)
    t.assert.equal((await ours()).length, 2)
  })

  test('killed alone, nothing of it runs on, and down removes the rest', async (t: TestContext) => {
    const owner = Number(await readFile(join(placeOf(), 'owner'), 'utf8'))
    const family = await descendants(owner)
    process.kill(owner, 'SIGKILL')
    while ((await running(family)).length > 0 || existsSync(placeOf())) await pause(20)
    const filters = { label: [`${labels.stack}=${name}`] }
    while ((await docker.listContainers({ filters })).length > 0) await pause(20)
    const down = await bench(['down', '--name', name])
    t.assert.match(down.text, new RegExp(`${name}-geth-1`))
    await nothingLeft(t)
  })

  function placeOf(): string {
    return join(folder, `equipoise-up-${process.getuid?.()}-${name}`)
  }

  /** Ids of all containers of the stack, whatever they are doing. */
  async function ours(): Promise<readonly string[]> {
    const filters = { label: [`${labels.stack}=${name}`] }
    return (await docker.listContainers({ all: true, filters })).map(({ Id }) => Id).sort()
  }

  async function nothingLeft(t: TestContext): Promise<void> {
    t.assert.deepEqual(await ours(), [])
    const filters = { label: [`${labels.stack}=${name}`] }
    t.assert.deepEqual(await docker.listNetworks({ filters }), [])
    const left = (await readdir(folder)).filter((each) => !each.startsWith('equipoise-chains'))
    t.assert.deepEqual(left, [])
    const { text } = await bench(['ps'])
    t.assert.equal(text.trim(), 'nothing is up')
  }

  function bench(args: readonly string[]): Promise<Said> {
    return benchCommand(folder, args)
  }
})

async function wordsOf(pid: number): Promise<string> {
  return await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') // It has ended.
}
