import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { DockerProvider } from './docker.ts'
import type { DockerConfig } from './provider-config.ts'
import { type StubDocker, stubDocker } from './test/stub-docker.ts'
import { listeningTo } from './test/told.ts'

test('containers that start and stop are told of at once, by the two routes that a socket proxy needs to allow', async (t: TestContext) => {
  const docker = await stubDocker(t, { a: {} })
  const told = listeningTo(t, providerOf(docker))
  await told.ids('a')
  if (docker.streams === 0) await docker.asked('/events')
  docker.containers.set('b', { port: '8546' })
  docker.tell('start')
  const [, b] = await told.ids('a', 'b')
  t.assert.equal(b?.url.href, 'http://127.0.0.1:8546/')
  docker.containers.delete('a')
  docker.tell('die')
  await told.ids('b')
  t.assert.deepEqual([...new Set(docker.requests)].toSorted(), [
    'GET /containers/json',
    'GET /events',
  ])
})

test('a burst of events is one list', async (t: TestContext) => {
  const docker = await stubDocker(t, { a: {} })
  const told = listeningTo(t, providerOf(docker))
  await told.ids('a')
  if (docker.streams === 0) await docker.asked('/events')
  // The list that follows the opening of the stream.
  await told.ids('a')
  docker.requests.length = 0
  docker.containers.set('b', {})
  for (let i = 0; i < 1_000; i += 1) docker.tell('start')
  await told.ids('a', 'b')
  const lists = docker.requests.filter((request) => request.includes('containers')).length
  t.assert.ok(lists < 100, `${lists} lists`)
})

test('a stream of events that was cut is opened again, and nothing in between is missed', async (t: TestContext) => {
  const docker = await stubDocker(t, { a: {} })
  const told = listeningTo(t, providerOf(docker))
  await told.ids('a')
  if (docker.streams === 0) await docker.asked('/events')
  docker.containers.set('b', {})
  docker.cut()
  await told.ids('a', 'b')
})

test('where events are refused, the list is read over and over', async (t: TestContext) => {
  const docker = await stubDocker(t, { a: {} })
  docker.tellsEvents = false
  const told = listeningTo(t, providerOf(docker, { resync: 50 }))
  await told.ids('a')
  docker.containers.set('b', {})
  await told.ids('a', 'b')
})

test('a daemon that is down, slow in the head or out of its mind is said to be, and found again', async (t: TestContext) => {
  const docker = await stubDocker(t, { a: {} })
  const told = listeningTo(t, providerOf(docker, { resync: 50 }))
  await told.ids('a')
  const wrong: readonly (readonly [string, number, RegExp])[] = [
    ['{"message":"boom"}', 500, /server error/],
    ['[{"Id":7}]', 200, /something that is no list/],
    ['{"a":1}', 200, /something that is no list/],
    ['<html>', 200, /./],
    ['', 200, /something that is no list/],
  ]
  for (const [body, status, problem] of wrong) {
    docker.answer = (response) => response.writeHead(status).end(body)
    await told.failure(problem)
    t.assert.equal(told.nodes.map(({ id }) => id).join(), 'a')
    docker.answer = null
    await told.ids('a')
  }
  const { endpoint, server } = docker
  server.closeAllConnections()
  server.close()
  await told.failure(/ECONNREFUSED/)
  server.listen(Number(new URL(endpoint).port), '127.0.0.1')
  await told.ids('a')
})

test('labels that are wrong keep out their own container alone, and are told', async (t: TestContext) => {
  const docker = await stubDocker(t, { a: {}, bad: { port: 'x' }, c: {} })
  const told = listeningTo(t, providerOf(docker))
  const word = await told.until((word) => 'nodes' in word)
  t.assert.deepEqual('problems' in word && word.problems, ['bad: want a port, not "x"'])
  t.assert.deepEqual(
    told.nodes.map(({ id }) => id),
    ['a', 'c'],
  )
})

test('without a socket the path is named', async (t: TestContext) => {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-docker-'))
  t.after(() => rm(folder, { recursive: true }))
  const endpoint = `unix://${join(folder, 'docker.sock')}`
  const told = listeningTo(t, new DockerProvider({ ...defaults, endpoint }))
  await told.failure(/docker\.sock: there is no such socket$/)
})

test('once closed it holds no connection, whatever the daemon was doing', async (t: TestContext) => {
  const docker = await stubDocker(t, { a: {} })
  const provider = providerOf(docker)
  const told = listeningTo(t, provider)
  await told.ids('a')
  if (docker.streams === 0) await docker.asked('/events')
  docker.answer = () => {} // Never.
  const asked = docker.asked('/containers/json')
  provider.reload()
  await asked
  await provider.close()
  await docker.unheard()
  const closed = once(docker.server, 'close')
  docker.server.closeIdleConnections()
  docker.server.close()
  await closed
  t.assert.equal(docker.streams, 0)
})

const defaults: DockerConfig = { endpoint: '', 'host-ports': false, resync: 30_000 }

function providerOf({ endpoint }: StubDocker, but: Partial<DockerConfig> = {}): DockerProvider {
  return new DockerProvider({ ...defaults, endpoint, ...but })
}
