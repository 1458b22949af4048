import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { AgentCheck } from '../haproxy.ts'
import type { NodeReport } from '../report.ts'

const hasHaproxy = spawnSync('haproxy', ['-v']).status === 0
const skip = hasHaproxy ? {} : { skip: 'haproxy is not installed (Debian: haproxy)' }

function node(id: string, but: Partial<NodeReport>): NodeReport {
  return { id, name: id, x: {}, cap: {}, raw: {}, src: 'proc', age: 0, ...but }
}

/** The columns of `show servers state` by server: weight in use, and whether it takes calls. */
async function serversOf(socketFile: string) {
  const socket = connect(socketFile).setEncoding('utf8')
  socket.write('show servers state nodes\n')
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  const rows = text
    .split('\n')
    .filter((line) => /^\d+ nodes /.test(line))
    .map((line) => line.split(' '))
  return Object.fromEntries(
    rows.map((row) => [row[3], { weight: Number(row[7]), isUp: Number(row[5]) > 0 }]),
  )
}

test(
  'HAProxy weighs and takes out its servers by what the agent says',
  skip,
  async (t: TestContext) => {
    const folder = mkdtempSync(join(tmpdir(), 'equipoise-haproxy-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const nodes = [
      node('busy', { x: { cpu_pressure: 0.75 } }),
      node('idle', { x: { cpu_pressure: 0 } }),
      node('full', { x: { cpu_pressure: 1 } }),
      node('gone', { gone: true }),
      node('unread', {}),
    ]
    const tokenFile = join(folder, 'token')
    writeFileSync(tokenFile, 'secret')
    const log = (line: string): void => t.diagnostic(line)
    const checks = new AgentCheck({
      addr: '127.0.0.1',
      port: 0,
      tokenFile,
      nodes: () => nodes,
      log,
    })
    t.after(() => checks.close())
    const [, port] = (await checks.listen()).address.split(':')
    const socketFile = join(folder, 'stats')
    const servers = [...nodes.map(({ id }) => id), 'stranger'].map((id) => {
      const check = `agent-check agent-addr 127.0.0.1 agent-port ${port} agent-inter 50ms`
      return `  server ${id} 127.0.0.1:9 weight 100 ${check} agent-send "secret ${id}\\n"`
    })
    const config = [
      'global',
      `  stats socket ${socketFile}`,
      'defaults',
      '  mode http',
      '  timeout connect 1s',
      '  timeout client 1s',
      '  timeout server 1s',
      'backend nodes',
      ...servers,
      '',
    ]
    const file = join(folder, 'haproxy.cfg')
    writeFileSync(file, config.join('\n'))
    const haproxy = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] })
    const said: string[] = []
    for (const stream of [haproxy.stdout, haproxy.stderr])
      stream.on('data', (text) => said.push(`${text}`))
    const ended = once(haproxy, 'close')
    t.after(async () => {
      haproxy.kill('SIGKILL')
      await ended
    })
    await t
      .waitFor(
        async () => {
          t.assert.deepEqual(await serversOf(socketFile), {
            busy: { weight: 25, isUp: true },
            idle: { weight: 100, isUp: true },
            full: { weight: 1, isUp: true },
            gone: { weight: 100, isUp: false },
            unread: { weight: 100, isUp: true },
            stranger: { weight: 100, isUp: true },
          })
        },
        { timeout: 30_000, interval: 100 },
      )
      .catch((error) => {
        throw new Error(`${error}\n${said.join('')}`)
      })
    nodes[3] = node('gone', { x: { cpu_pressure: 0.5 } })
    await t.waitFor(
      async () => {
        const { gone } = await serversOf(socketFile)
        t.assert.deepEqual(gone, { weight: 50, isUp: true })
      },
      { timeout: 30_000, interval: 100 },
    )
  },
)
