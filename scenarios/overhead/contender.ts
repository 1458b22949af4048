import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../ports.ts'
import { Process } from '../process.ts'
import { Reaper } from '../reaper.ts'
import { balancerConfig, nodesConfig } from './haproxy.ts'
import { nginxConfig } from './nginx.ts'
import { otherAnswer, type Shape, webSocketAnswer } from './shape.ts'

/** The core that the proxy under test has to itself, and the one of load and nodes. */
const proxyCore = '0'
const loadCore = '1'

const startTimeoutMs = 20_000
const pollMs = 50
const stopGraceMs = 2_000

/** One way to the nodes: where it listens, and whose CPU is counted (null: nobody's, it is a node). */
export type Contender = {
  readonly name: string
  readonly url: string
  readonly pid: number | null
}

/** Nodes that answer at once, and the ways to them; `equipoise` is the first. */
export type Field = {
  readonly contenders: readonly Contender[]
  readonly loadCore: string
  readonly folder: string
  close(): Promise<void>
}

/** Starts nodes and proxies for one shape. @throws Error in one line when something does not start */
export async function openField(shape: Shape): Promise<Field> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-overhead-'))
  const reaper = new Reaper(folder)
  const processes: Process[] = []
  const close = async (): Promise<void> => {
    for (const process of processes.reverse()) await process.stop(stopGraceMs)
    await reaper.close()
  }
  const start = (name: string, core: string, ...command: string[]): Process => {
    const process = new Process({ name, command: ['taskset', '-c', core, ...command], reaper })
    processes.push(process)
    return process
  }
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  try {
    const nodes = [await freePort(), await freePort(), await freePort()]
    const answerFile = await write('answer.json', shape.answer)
    const otherFile = await write('other.json', otherAnswer)
    const nodesText = nodesConfig(nodes, shape, answerFile, otherFile)
    const nodesFile = await write('nodes.cfg', nodesText)
    const node = start('nodes', loadCore, 'haproxy', '-db', '-f', nodesFile)
    for (const port of nodes) await answers(urlOf(port), shape, node)

    const httpPort = await freePort()
    const bin = join(import.meta.dirname, '../../proxy/bin.ts')
    const named = nodes.flatMap((port, i) => ['--node', `n${i + 1}=${urlOf(port)}`])
    const flags = ['--http.port', String(httpPort), '--admin.port', '0', '--log.level', 'fatal']
    const equipoise = start('equipoise', proxyCore, process.execPath, bin, ...flags, ...named)

    const tunnelEnd = shape.isWebSocket ? await freePort() : null
    if (tunnelEnd !== null) {
      const program = join(import.meta.dirname, 'web-socket-node.ts')
      const args = [process.execPath, program, String(tunnelEnd), webSocketAnswer]
      await listens(tunnelEnd, start('tunnel-end', loadCore, ...args))
    }
    const ends = tunnelEnd === null ? nodes : [tunnelEnd]
    const haproxyPort = await freePort()
    const balancerFile = await write('balancer.cfg', balancerConfig(haproxyPort, ends))
    const haproxy = start('haproxy', proxyCore, 'haproxy', '-db', '-f', balancerFile)

    const running: [Process, number][] = [
      [equipoise, httpPort],
      [haproxy, haproxyPort],
    ]
    if (!shape.isWebSocket && spawnSync('nginx', ['-v']).error === undefined) {
      const port = await freePort()
      const file = await write('nginx.conf', nginxConfig(port, nodes, folder))
      running.push([start('nginx', proxyCore, 'nginx', '-p', folder, '-c', file), port])
    }
    const contenders: Contender[] = []
    for (const [process, port] of running) {
      if (shape.isWebSocket) await listens(port, process)
      else await answers(urlOf(port), shape, process)
      contenders.push({ name: process.name, url: urlOf(port), pid: await workerOf(process) })
    }
    contenders.push({ name: 'direct', url: urlOf(ends[0] ?? 0), pid: null })
    return { contenders, loadCore, folder, close }
  } catch (error) {
    await close()
    throw error
  }
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}/`
}

/** nginx works in a child of the process that was started; the others in that process itself. */
async function workerOf(process: Process): Promise<number> {
  const { pid } = process
  if (pid === null) throw new Error(`${process.name} ended: ${process.lastWords.join(' ')}`)
  const { stdout } = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' })
  return process.name === 'nginx' ? Number(stdout.split('\n')[0]) : pid
}

/** Resolves with the first right answer; gives up after twenty seconds, with what it said. */
function answers(url: string, shape: Shape, process: Process): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  return becomes(process, 'gives no right answer', async () => {
    const response = await fetch(url, { method: 'POST', headers, body: shape.request })
    return (await response.text()).includes('"result"')
  })
}

/** Resolves when the port takes connections. Whether answers are right is the load's to say. */
function listens(port: number, process: Process): Promise<void> {
  return becomes(process, 'does not listen', async () => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect').finally(() => socket.destroy())
    return true
  })
}

async function becomes(
  process: Process,
  problem: string,
  isSo: () => Promise<boolean>,
): Promise<void> {
  const untilMs = performance.now() + startTimeoutMs
  while (performance.now() < untilMs && process.pid !== null) {
    try {
      if (await isSo()) return
    } catch {
      // It does not listen yet; the time limit above has the last word.
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
  throw new Error(`${process.name} ${problem}: ${process.lastWords.slice(-3).join(' ')}`)
}
