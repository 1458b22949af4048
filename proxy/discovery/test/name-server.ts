import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'

/** Debian puts it where only root looks. */
const path = `${process.env['PATH']}:/usr/sbin:/usr/local/sbin`

const startTries = 5

/** Why the tests that need a real name server cannot run here, or false. */
export function noNameServer(): string | false {
  const isThere = spawnSync('dnsmasq', ['--version'], { env: { PATH: path } }).status === 0
  return isThere ? false : 'no dnsmasq here: apt-get install dnsmasq-base'
}

/** A real name server, dnsmasq, on a free port of loopback. */
export class NameServer {
  readonly address: string
  readonly #child: ChildProcess
  readonly #hosts: string
  readonly #lines: AsyncIterator<string>

  constructor(address: string, child: ChildProcess, hosts: string, lines: AsyncIterator<string>) {
    this.address = address
    this.#child = child
    this.#hosts = hosts
    this.#lines = lines
  }

  /** From now on names are at these addresses: lines of `/etc/hosts`. */
  async serve(hosts: readonly string[]): Promise<void> {
    await writeFile(this.#hosts, `${hosts.join('\n')}\n`)
    this.#child.kill('SIGHUP')
    await lineLike(this.#lines, /read .*hosts/)
  }

  /** Answers nothing while it is stopped. */
  pause(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'close')
    this.#child.kill('SIGKILL')
    await ended
  }
}

/**
 * Starts one that knows these hosts and nothing else, ended with the test.
 * @param services SRV records as dnsmasq wants them: `name,target,port,priority,weight`
 */
export async function nameServer(
  t: TestContext,
  hosts: readonly string[],
  services: readonly string[] = [],
): Promise<NameServer> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-dns-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'hosts')
  await writeFile(file, `${hosts.join('\n')}\n`)
  for (let left = startTries; left > 0; left -= 1) {
    const server = await started(file, services)
    if (server === null) continue // Somebody took the port before it did.
    t.after(() => server.close())
    return server
  }
  throw new Error('dnsmasq does not start')
}

async function started(file: string, services: readonly string[]): Promise<NameServer | null> {
  const port = await freePort()
  const child = spawn(
    'dnsmasq',
    [
      '--keep-in-foreground',
      '--log-facility=-',
      '--conf-file=/dev/null',
      '--pid-file=',
      `--port=${port}`,
      '--listen-address=127.0.0.1',
      '--bind-interfaces',
      '--no-resolv',
      '--no-hosts',
      `--addn-hosts=${file}`,
      '--local=/test/',
      ...(process.getuid?.() === 0 ? ['--user=root'] : []),
      ...services.map((service) => `--srv-host=${service}`),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: path } },
  )
  const lines = createInterface({ input: child.stderr })[Symbol.asyncIterator]()
  if (!(await lineLike(lines, /read .*hosts/))) return null
  return new NameServer(`127.0.0.1:${port}`, child, file, lines)
}

/** False when it ends before it says so. */
async function lineLike(lines: AsyncIterator<string>, wanted: RegExp): Promise<boolean> {
  for (;;) {
    const { value, done } = await lines.next()
    if (done === true) return false
    if (wanted.test(value)) return true
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return port
}
