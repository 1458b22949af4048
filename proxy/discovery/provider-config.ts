import { z } from 'zod'
import { parseConstraints } from './constraints.ts'
import { duration } from './duration.ts'
import { httpUrl } from './node-spec.ts'

const dockerEndpoint = z
  .string()
  .regex(/^(unix:\/\/\/\S+|(tcp|https?):\/\/\S+)$/, {
    error: 'want unix:///var/run/docker.sock, or tcp://HOST:PORT of a socket proxy',
  })
  .default('unix:///var/run/docker.sock')

const constraints = z.string().superRefine((text, context) => {
  try {
    parseConstraints(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : '' })
  }
})

const file = z.strictObject({
  /** A YAML or JSON file with `nodes: […]`, or a folder of such files. */
  path: z.string().min(1),
})

const docker = z.strictObject({
  endpoint: dockerEndpoint,
  /** The network whose addresses are dialled; without it, the only one that a container is on. */
  network: z.string().min(1).optional(),
  /** Labels that a container must have: `pool==mainnet && roles!=archive`. */
  constraints: constraints.optional(),
  /** Dial published ports on this host, for a proxy that is not on the containers' network. */
  'host-ports': z.boolean().default(false),
  /** The agent of the host, for every container that names none of its own. */
  agent: httpUrl.optional(),
  /** The list is read again after so long, whatever the events say. */
  resync: duration.default(30_000),
})

/** Of the providers, what stands under `providers`. */
export const providersSchema = z.strictObject({
  file: file.optional(),
  docker: docker.optional(),
})

export type ProvidersConfig = z.output<typeof providersSchema>
export type FileConfig = z.output<typeof file>
export type DockerConfig = z.output<typeof docker>

/** Whether something that nobody has checked yet names a provider. */
export function hasProvider(providers: unknown): boolean {
  return typeof providers === 'object' && providers !== null && Object.keys(providers).length > 0
}
