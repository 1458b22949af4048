import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { parseReport } from '../../../agents/index.ts'

const root = join(import.meta.dirname, '../../..')
const patienceMs = 120_000
const pollMs = 250

/** All that a container of ours needs is to run. */
const confined = ['--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges']

test('the images run as nobody, cannot write, and are healthy', {
  timeout: 600_000,
}, async (t: TestContext) => {
  const prefix = `equipoise-test-${randomBytes(4).toString('hex')}`
  t.after(() => removeImages(prefix))
  await run('sh', ['docker/local-images.sh'], { PREFIX: prefix, PROGRAMS: '' })
  for (const name of ['proxy', 'agent']) await build(prefix, name)

  await t.test('the proxy', async (t: TestContext) => {
    const proxy = await started(t, prefix, 'proxy', [], ['--node', 'http://127.0.0.1:9'])
    await isConfined(t, proxy)
    t.assert.equal(await fetched(proxy, 'http://127.0.0.1:8550/readyz'), '503')
    await run('docker', ['stop', '--time', '10', proxy])
    const { stdout } = await run('docker', ['inspect', '-f', '{{.State.ExitCode}}', proxy])
    t.assert.equal(stdout.trim(), '0', 'asked to end, it ends in order')
  })

  await t.test('the agent, with the trees of its machine', async (t: TestContext) => {
    const trees = ['-v', '/proc:/host/proc:ro', '-v', '/sys/fs/cgroup:/host/cgroup:ro']
    const options = [...trees, '--cgroupns', 'host']
    const agent = await started(t, prefix, 'agent', options, ['--pid', `self=${process.pid}`])
    await isConfined(t, agent)
    const script = "await (await fetch('http://127.0.0.1:8560/v1/state')).text()"
    const { stdout } = await inside(agent, `console.log(${script})`)
    const [node] = parseReport(JSON.parse(stdout)).nodes
    t.assert.equal(node?.id, 'self')
    t.assert.notEqual(node?.gone, true, 'it sees a process of its machine')
    t.assert.ok((node?.cap.cpus ?? 0) > 0)
  })
})

async function build(prefix: string, name: string): Promise<void> {
  const bases = [`BUILD_IMAGE=${prefix}/local-build`, `RUNTIME_IMAGE=${prefix}/local-runtime`]
  const args = bases.flatMap((base) => ['--build-arg', base])
  const where = ['--network', 'host', '-f', `docker/${name}.Dockerfile`, '-t', `${prefix}/${name}`]
  await run('docker', ['build', '-q', ...args, ...where, '.'], { DOCKER_BUILDKIT: '0' })
}

/** A container of an image, once it is healthy. @returns its name */
async function started(
  t: TestContext,
  prefix: string,
  name: string,
  options: readonly string[],
  flags: readonly string[],
): Promise<string> {
  const container = `${prefix}-${name}`
  t.after(() => run('docker', ['rm', '-f', '-v', container]))
  const apart = ['run', '-d', '--network', 'none', '--name', container]
  await run('docker', [...apart, ...confined, ...options, `${prefix}/${name}`, ...flags])
  for (const untilMs = performance.now() + patienceMs; ; ) {
    const { stdout } = await run('docker', ['inspect', '-f', '{{json .State}}', container])
    const { Status, Health } = JSON.parse(stdout)
    if (Health?.Status === 'healthy') return container
    if (Status === 'exited' || performance.now() > untilMs) {
      const { stdout: out, stderr } = await run('docker', ['logs', container])
      throw new Error(`${name} does not get healthy: ${out}${stderr}${stdout}`)
    }
    await pause(pollMs)
  }
}

async function isConfined(t: TestContext, container: string): Promise<void> {
  const { stdout } = await inside(
    container,
    `const { readFileSync, writeFileSync } = require('node:fs')
     let written = 'yes'
     try { writeFileSync('/app/x', '') } catch (error) { written = error.code }
     const [, capabilities] = /CapEff:\\s*(\\w+)/.exec(readFileSync('/proc/self/status', 'utf8'))
     console.log(JSON.stringify({ user: process.getuid(), group: process.getgid(), written, capabilities }))`,
  )
  t.assert.deepEqual(JSON.parse(stdout), {
    user: 65532,
    group: 65532,
    written: 'EROFS',
    capabilities: '0'.repeat(16),
  })
}

async function fetched(container: string, url: string): Promise<string> {
  const script = `fetch('${url}').then(({ status }) => console.log(status))`
  return (await inside(container, script)).stdout.trim()
}

function inside(container: string, script: string) {
  return run('docker', ['exec', container, 'node', '-e', script])
}

/** The bases, and all that was built on them: the stage that builds leaves images without a name. */
async function removeImages(prefix: string): Promise<void> {
  const named = ['image', 'ls', '-q', '--no-trunc', '--filter', `reference=${prefix}/*`]
  const { stdout: bases } = await run('docker', named)
  const { stdout: all } = await run('docker', ['image', 'ls', '-a', '-q', '--no-trunc'])
  const parents = new Map<string, string>()
  for (const id of new Set(wordsOf(all))) {
    // It may be another's, and gone by now.
    const parent = await run('docker', ['inspect', '-f', '{{.Parent}}', id]).catch(() => null)
    if (parent !== null) parents.set(id, parent.stdout.trim())
  }
  const removed = new Set<string>()
  const remove = async (id: string): Promise<void> => {
    if (removed.has(id)) return
    removed.add(id)
    for (const [child, parent] of parents) if (parent === id) await remove(child)
    // With the last child of an image without a name goes the image itself.
    await run('docker', ['rmi', '-f', id]).catch((error: Error) => {
      if (!error.message.includes('No such image')) throw error
    })
  }
  for (const id of new Set(wordsOf(bases))) await remove(id)
}

function wordsOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}

/** @throws Error with what the program said, when it fails */
async function run(program: string, args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  const options = { cwd: root, env: { ...process.env, ...more }, maxBuffer: 16_777_216 }
  return await promisify(execFile)(program, args, options)
}
