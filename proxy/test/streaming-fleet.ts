import type { TestContext } from 'node:test'
import { Unmetered } from '../balance/in-flight.ts'
import { systemClock } from '../clock.ts'
import { Fleet } from '../upstream/fleet.ts'
import { NodeSockets } from '../upstream/node-sockets.ts'
import { Upstream } from '../upstream/upstream.ts'

/** A fleet of nodes at these addresses, all taken to be up; the first is the write node. */
export function fleetOf(t: TestContext, urls: readonly string[]): Fleet {
  const upstreams = urls.map((url, i) => {
    const options = { url: new URL(url), cores: null, connections: 4, maxAnswerBytes: 1_048_576 }
    const upstream = new Upstream({ ...options, id: `node-${i + 1}` }, new Unmetered(), systemClock)
    upstream.health = 'up'
    return upstream
  })
  const fleet = new Fleet(upstreams, { maxLagBlocks: 2, chainId: null })
  fleet.refresh()
  t.after(() => fleet.close())
  return fleet
}

/** One WebSocket connection to each node, closed when the test ends. */
export function socketsOf(t: TestContext) {
  const sockets = new NodeSockets()
  t.after(() => sockets.close())
  return (upstream: Upstream) => sockets.of(upstream)
}
