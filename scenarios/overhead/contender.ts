import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../ports.ts'
import { Process } from '../process.ts'
import { Reaper } from '../reaper.ts'
import { balancerConfig, nodesConfig } from './haproxy.ts'

/** The core that the proxy under test has to itself, and the one of load and nodes. */
const proxyCore = '0'
const loadCore = '1'

/** One proxy under test: where it listens and whose CPU is counted. */
export type Contender = {
  readonly name: string
  readonly url: string
  readonly pid: number
}

/** Three nodes that answer at once, and before them HAProxy and Equipoise, each on its core. */
export type Field = {
  readonly contenders: readonly [equipoise: Contender, haproxy: Contender]
  readonly loadCore: string
  readonly folder: string
  close(): Promise<void>
}

/** @throws Error in one line when something does not start */
export async function openField(resultBytes: number): Promise<Field> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-overhead-'))
  const reaper = new Reaper(folder)
  const processes: Process[] = []
  const close = async (): Promise<void> => {
    for (const process of processes.reverse()) await process.stop(2_000)
    await reaper.close()
  }
  try {
    const nodePorts = [await freePort(), await freePort(), await freePort()]
    const balancerPort = await freePort()
    const start = (name: string, core: string, command: readonly string[]): Process => {
      const process = new Process({ name, command: ['taskset', '-c', core, ...command], reaper })
      processes.push(process)
      return process
    }
    const write = async (name: string, text: string): Promise<string> => {
      await writeFile(join(folder, name), text)
      return join(folder, name)
    }
    const nodes = await write('nodes.cfg', nodesConfig(nodePorts, resultBytes))
    start('nodes', loadCore, ['haproxy', '-db', '-f', nodes])
    for (const port of nodePorts) await answers(`http://127.0.0.1:${port}/`)
    const balancer = await write('balancer.cfg', balancerConfig(balancerPort, nodePorts))
    const haproxy = start('haproxy', proxyCore, ['haproxy', '-db', '-f', balancer])
    const haproxyUrl = `http://127.0.0.1:${balancerPort}/`
    await answers(haproxyUrl)

    const bin = join(import.meta.dirname, '../../proxy/bin.ts')
    const flags = ['--http.port', '0', '--admin.port', '0', '--log.level', 'warn']
    const named = nodePorts.flatMap((port, i) => ['--node', `n${i + 1}=http://127.0.0.1:${port}`])
    const listening = Promise.withResolvers<string>()
    const equipoise = new Process({
      name: 'equipoise',
      command: ['taskset', '-c', proxyCore, process.execPath, bin, ...flags, ...named],
      reaper,
      onLine: (line) => {
        const url = /^equipoise listening on (\S+)$/.exec(line)?.[1]
        if (url !== undefined) listening.resolve(`${url}/`)
      },
    })
    processes.push(equipoise)
    void equipoise.ended.then(({ how }) => {
      const said = equipoise.lastWords.at(-1) ?? ''
      listening.reject(new Error(`equipoise ended (${how}) ${said}`))
    })
    const equipoiseUrl = await listening.promise
    await answers(equipoiseUrl)
    return {
      contenders: [
        { name: 'equipoise', url: equipoiseUrl, pid: pidOf(equipoise) },
        { name: 'haproxy', url: haproxyUrl, pid: pidOf(haproxy) },
      ],
      loadCore,
      folder,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** One call, as the load sends them; its id comes back in any right answer. */
export const call =
  '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266","latest"]}'

function pidOf(process: Process): number {
  const { pid } = process
  if (pid === null) throw new Error(`${process.name} ended: ${process.lastWords.join(' ')}`)
  return pid
}

/** Resolves with the first right answer; gives up after five seconds. */
async function answers(url: string): Promise<void> {
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: call }
  const untilMs = performance.now() + 5_000
  for (;;) {
    try {
      const response = await fetch(url, request)
      const answer: unknown = await response.json()
      if (typeof answer === 'object' && answer !== null && 'result' in answer) return
    } catch (error) {
      if (performance.now() > untilMs) throw new Error(`${url} does not answer`, { cause: error })
    }
    if (performance.now() > untilMs) throw new Error(`${url} gives no right answer`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
