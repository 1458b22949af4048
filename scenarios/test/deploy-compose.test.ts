import { createECDH } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parse } from 'yaml'
import { z } from 'zod'
import { testAccounts } from '../fleets/accounts.ts'
import { chainId } from '../fleets/geth/genesis.ts'
import { flagsOf } from './deploy/program-flags.ts'

const docker = join(import.meta.dirname, '../../docker')

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.looseObject({
      image: z.string(),
      build: z.object({ dockerfile: z.string() }).optional(),
      read_only: z.boolean(),
      cap_drop: z.array(z.string()),
      security_opt: z.array(z.string()),
      user: z.string().optional(),
      command: z.array(z.string()).default([]),
      environment: z.record(z.string(), z.string()).default({}),
      volumes: z.array(z.string()).default([]),
      ports: z.array(z.string()).default([]),
      networks: z.array(z.string()),
      secrets: z.array(z.string()).default([]),
    }),
  ),
  networks: z.record(z.string(), z.object({ internal: z.boolean().default(false) })),
  volumes: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), z.unknown()),
})

const compose = composeSchema.parse(
  parse(readFileSync(join(docker, 'compose.yaml'), 'utf8'), { merge: true }),
)
const services = Object.entries(compose.services)

test('no service may write to its own files, has a capability, or can get one', (t: TestContext) => {
  for (const [name, service] of services) {
    t.assert.equal(service.read_only, true, name)
    t.assert.deepEqual(service.cap_drop, ['ALL'], name)
    t.assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
    for (const key of ['privileged', 'cap_add', 'pid', 'network_mode', 'ipc', 'devices']) {
      t.assert.ok(!(key in service), `${name}: ${key}`)
    }
  }
})

test('agent, proxy and driver run as their images say: as nobody in particular', (t: TestContext) => {
  for (const name of ['agent', 'proxy', 'driver']) {
    t.assert.equal(compose.services[name]?.user, undefined, name)
  }
})

test("Docker's socket is seen by what lets reading through, and by nothing else", (t: TestContext) => {
  const seeing = services.filter(([, { volumes }]) =>
    volumes.some((one) => /docker\.sock/.test(one)),
  )
  t.assert.deepEqual(
    seeing.map(([name]) => name),
    ['docker-api'],
  )
  const [, dockerApi] = seeing[0] ?? []
  t.assert.ok(dockerApi?.volumes.every((one) => one.endsWith(':ro')))
  t.assert.deepEqual(dockerApi?.networks, ['docker-api'])
  const rules = readFileSync(join(docker, 'docker-api/haproxy.cfg'), 'utf8')
  const path = new RegExp(/acl known path_reg (\S+)/.exec(rules)?.[1] ?? '')
  const id = 'a'.repeat(64)
  for (const asked of [
    '/_ping',
    '/v1.41/containers/json',
    `/containers/${id}/json`,
    '/v1.41/events',
  ]) {
    t.assert.ok(path.test(asked), asked)
  }
  for (const refused of [
    ...['/containers/create', `/containers/${id}/exec`, `/containers/${id}/logs`, '/images/json'],
    ...['/v1.41/secrets', `/containers/${id}/../create/json`, '/_ping/x', '/info', '/swarm'],
  ]) {
    t.assert.ok(!path.test(refused), refused)
  }
})

test('ports are open on loopback alone, and networks without a need of one have no way out', (t: TestContext) => {
  for (const [name, { ports, networks }] of services) {
    for (const port of ports) t.assert.match(port, /^127\.0\.0\.1:/, name)
    if (ports.length === 0) t.assert.ok(!networks.includes('outside'), name)
  }
  const open = Object.entries(compose.networks).filter(([, { internal }]) => !internal)
  t.assert.deepEqual(
    open.map(([name]) => name),
    ['outside'],
  )
})

test('images are pinned, or built from here', (t: TestContext) => {
  for (const [name, { image, build }] of services) {
    if (build === undefined)
      t.assert.match(image, /^\$\{[A-Z]+_IMAGE:-[\w/-]+:v?\d+\.\d+\.\d+[\w.-]*\}$/, name)
    else t.assert.match(image, /^equipoise\//, name)
  }
})

test('every flag that a service is given is one that its program has', async (t: TestContext) => {
  for (const [name, program, ...words] of [
    ['agent', 'agents/bin.ts'],
    ['proxy', 'proxy/bin.ts'],
    ['driver', 'scenarios/bin.ts', 'drive'],
  ] as const) {
    const known = await flagsOf(program, words)
    const given = compose.services[name]?.command.filter((word) => word.startsWith('--')) ?? []
    t.assert.ok(given.length > 0, name)
    for (const word of given) t.assert.ok(known.has(word.replace(/=.*/, '')), `${name}: ${word}`)
  }
})

test('what is mounted by name or shown as a secret is declared', (t: TestContext) => {
  for (const [name, { volumes, networks, secrets }] of services) {
    for (const volume of volumes.filter((one) => /^[a-z]/.test(one))) {
      t.assert.ok((volume.split(':')[0] ?? '') in compose.volumes, `${name}: ${volume}`)
    }
    for (const network of networks) t.assert.ok(network in compose.networks, `${name}: ${network}`)
    for (const secret of secrets) t.assert.ok(secret in compose.secrets, `${name}: ${secret}`)
  }
})

test('Prometheus scrapes services that are there, at the ports of their images', (t: TestContext) => {
  const config = z
    .object({
      scrape_configs: z.array(
        z.object({ static_configs: z.array(z.object({ targets: z.array(z.string()) })) }),
      ),
    })
    .parse(parse(readFileSync(join(docker, 'prometheus/prometheus.yml'), 'utf8')))
  const targets = config.scrape_configs.flatMap(({ static_configs: one }) =>
    one.flatMap(({ targets: named }) => named),
  )
  t.assert.equal(targets.length, 2)
  for (const target of targets) {
    const [name = '', port = ''] = target.split(':')
    const file = compose.services[name]?.build?.dockerfile ?? ''
    const exposed = /^EXPOSE (.*)$/m.exec(readFileSync(join(docker, '..', file), 'utf8'))?.[1]
    t.assert.ok(exposed?.split(' ').includes(port), target)
  }
})

test('the nodes know each other by the keys that they have, on a chain with funds', (t: TestContext) => {
  const config = readFileSync(join(docker, 'geth/config.toml'), 'utf8')
  for (const [name, { environment }] of services.filter(([one]) => one.startsWith('geth-'))) {
    const curve = createECDH('secp256k1')
    curve.setPrivateKey(environment['GETH_NODEKEYHEX'] ?? '', 'hex')
    t.assert.ok(config.includes(`${curve.getPublicKey('hex').slice(2)}@${name}:30303`), name)
  }
  const genesis = z
    .object({
      config: z.object({ chainId: z.number(), osakaTime: z.number() }),
      alloc: z.record(z.string(), z.object({ balance: z.string() })),
    })
    .parse(JSON.parse(readFileSync(join(docker, 'geth/genesis.json'), 'utf8')))
  t.assert.equal(genesis.config.chainId, chainId)
  t.assert.ok(compose.services['geth-1']?.command.includes(`--networkid=${chainId}`))
  for (const { address } of testAccounts) {
    const account = genesis.alloc[address.slice(2).toLowerCase()]
    t.assert.ok(BigInt(account?.balance ?? 0) > 10n ** 18n, address)
  }
})
