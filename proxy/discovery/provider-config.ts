import { isIP } from 'node:net'
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

const port = z.int().min(1).max(65_535)
const scheme = z.enum(['http', 'https']).default('http')
const path = z.string().startsWith('/').default('/')

const nameServer = z
  .string()
  .refine((text) => isIP(text) > 0 || isIP(text.replace(/^\[(.*)\]:\d+$|:\d+$/, '$1')) > 0, {
    error: 'want the address of a name server, as 10.0.0.53 or 10.0.0.53:5353',
  })

/** One name that stands for nodes. */
const dnsName = z.strictObject({
  name: z.string().min(1).max(253),
  /** SRV records tell ports themselves. */
  type: z.enum(['A', 'AAAA', 'SRV']).default('A'),
  port: port.default(8545),
  scheme,
  path,
  'ws-port': port.optional(),
  /** An agent at each address. */
  'agent-port': port.optional(),
  interval: duration.default(5_000),
  /** Name servers to ask, `ADDRESS` or `ADDRESS:PORT`; without any, those of the system. */
  servers: z.array(nameServer).min(1).optional(),
})

/** `NAME`, `NAME:PORT`, or the name of SRV records, which begins with `_`. */
const dnsText = z
  .string()
  .regex(/^[\w.-]+(:\d{1,5})?$/, { error: 'want NAME, NAME:PORT or _SERVICE._tcp.NAME' })
  .transform((text): z.input<typeof dnsName> => {
    const [name = '', port] = text.split(':')
    const type = name.startsWith('_') ? 'SRV' : 'A'
    return { name, type, ...(port === undefined ? {} : { port: Number(port) }) }
  })
  .pipe(dnsName)

const dns = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').map((name) => name.trim()) : value),
  z.array(z.union([dnsName, dnsText])).max(64),
)

/** A port of a service, by its name or number. */
const servicePort = z.union([port, z.string().min(1).max(63)])

const kubernetes = z.strictObject({
  /** The service whose endpoints are the nodes. */
  service: z.string().min(1).max(253),
  /** Without it, the one that this pod runs in. */
  namespace: z.string().min(1).max(63).optional(),
  port: servicePort.optional(),
  'ws-port': servicePort.optional(),
  scheme,
  path,
  /** A service of agents: each speaks for the nodes on its own machine. */
  'agent-service': z.string().min(1).max(253).optional(),
  /** Of the API server; without it, as every pod finds it. */
  endpoint: httpUrl.optional(),
  'token-file': z.string().min(1).optional(),
  'ca-file': z.string().min(1).optional(),
})

const consul = z.strictObject({
  service: z.string().min(1),
  endpoint: httpUrl.default(new URL('http://127.0.0.1:8500')),
  tag: z.string().min(1).optional(),
  datacenter: z.string().min(1).optional(),
  'token-file': z.string().min(1).optional(),
  scheme,
  path,
  /** How long the agent may hold a question for which nothing changes. */
  wait: duration.default(60_000),
})

/** Of the providers, what stands under `providers`. */
export const providersSchema = z.strictObject({
  file: file.optional(),
  docker: docker.optional(),
  dns: dns.optional(),
  kubernetes: kubernetes.optional(),
  consul: consul.optional(),
})

export type ProvidersConfig = z.output<typeof providersSchema>
export type FileConfig = z.output<typeof file>
export type DockerConfig = z.output<typeof docker>
export type DnsConfig = z.output<typeof dnsName>
export type KubernetesConfig = z.output<typeof kubernetes>
export type ConsulConfig = z.output<typeof consul>

/** Whether something that nobody has checked yet names a provider. */
export function hasProvider(providers: unknown): boolean {
  return typeof providers === 'object' && providers !== null && Object.keys(providers).length > 0
}
