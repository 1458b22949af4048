import type Docker from 'dockerode'

/** What containers, networks and images of ours are found by again. */
export const labels = {
  /** The stack's name, on every container and network. */
  stack: 'equipoise.stack',
  /** The node's id within its fleet. */
  node: 'equipoise.node',
} as const

/** There is no Docker daemon that would serve us; the message says what to do, in one line. */
export class NoDocker extends Error {
  override readonly name = 'NoDocker'
}

/**
 * A connection to the Docker daemon: `DOCKER_HOST`, or the socket where it is by default. The package
 * is loaded only here, for it takes 100 ms and few need it.
 * @throws NoDocker
 */
export async function openDocker(): Promise<Docker> {
  const docker = await newClient()
  try {
    await docker.ping()
  } catch (error) {
    const place = process.env['DOCKER_HOST'] ?? '/var/run/docker.sock'
    const why = error instanceof Error ? error.message : String(error)
    throw new NoDocker(`no Docker daemon at ${place} (${why}): start it, or set DOCKER_HOST`)
  }
  return docker
}

async function newClient(): Promise<Docker> {
  try {
    const { default: Client } = await import('dockerode')
    return new Client()
  } catch (error) {
    throw new NoDocker('the package dockerode is not installed: npm install dockerode', {
      cause: error,
    })
  }
}

/** The HTTP status of a daemon's refusal; null for anything else that went wrong. */
export function statusOf(error: unknown): number | null {
  return error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : null
}
