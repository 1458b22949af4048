import { createServer, type ListenOptions, type Server } from 'node:net'

/** A port that something else listens on; `flag` is the one that chooses another. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken'

  constructor(port: number, flag: string) {
    super(`port ${port} is taken: choose another with ${flag}`)
  }
}

/**
 * Our ports lie below those that Linux and macOS hand out to outgoing connections (from 32768 and
 * 49152). A port from among those could be taken by any connection while its node is dead, and a
 * client that keeps trying such a port on loopback ends up connected to itself.
 */
const firstPort = 21_000
const lastPort = 31_999
const maxTries = 100

/**
 * A loopback port that nothing listens on now, in 21000 to 31999. On Linux no process of ours gets it
 * a second time while this one lives: seconds may pass until who it is for listens on it.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < maxTries; tries += 1) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort + 1))
    if ((await isFree(port)) && (await isReserved(port))) return port
  }
  throw new Error(`no free port found between ${firstPort} and ${lastPort}`)
}

/** Some free ports, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  while (ports.size < count) ports.add(await freePort())
  return [...ports]
}

/** `port` itself, or a free one for 0. @throws PortTaken when something listens on it */
export async function claimPort(port: number, flag: string): Promise<number> {
  if (port === 0) return freePort()
  if (!(await isFree(port))) throw new PortTaken(port, flag)
  return port
}

/**
 * Marks the port as ours by a socket that has a name and no file, which ends with the process however
 * that ends. False when another process, or this one, has it already.
 */
async function isReserved(port: number): Promise<boolean> {
  if (process.platform !== 'linux') return true
  const server = await listening({ path: `\0equipoise-port-${port}` })
  server?.unref()
  return server !== null
}

async function isFree(port: number): Promise<boolean> {
  const server = await listening({ host: '127.0.0.1', port, exclusive: true })
  if (server === null) return false
  await new Promise((resolve) => server.close(resolve))
  return true
}

/** Who listens there now and talks to nobody; null when another does. */
function listening(place: ListenOptions): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(null)
      else reject(new Error(`cannot try port ${place.port}: ${error.message}`, { cause: error }))
    })
    server.listen(place, () => resolve(server))
  })
}
