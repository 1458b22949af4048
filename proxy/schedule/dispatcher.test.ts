import { type TestContext, test } from 'node:test'
import { InFlight } from '../balance/in-flight.ts'
import { defaultChoice, type HoldMode } from '../balance/strategy-choice.ts'
import { seededRng } from '../rng.ts'
import { cpuWork, type Work } from '../state/work.ts'
import { Dispatcher, dispatcherDefaults, type Refusal } from './dispatcher.ts'
import type { Held } from './held-queue.ts'

const heavy = cpuWork(40)
const short = cpuWork(5)
const light = cpuWork(0.2)

test('a heavy call waits while every node has one, and goes when the first of them ends', (t: TestContext) => {
  const site = dispatching(2)
  const first = site.arrive(heavy)
  site.arrive(heavy)
  const third = site.arrive(heavy)
  t.assert.equal(third.node, null)
  t.assert.equal(site.dispatcher.queued, 1)
  site.clock.ms += 30
  site.end(first)
  t.assert.equal(third.node, first.node)
  t.assert.equal(third.heldMs, 30)
  t.assert.equal(site.dispatcher.queued, 0)
})

test('light calls and writes never wait', (t: TestContext) => {
  const site = dispatching(1)
  for (let i = 0; i < 5; i += 1) site.arrive(heavy)
  t.assert.equal(site.dispatcher.queued, 4)
  t.assert.notEqual(site.arrive(light).node, null)
  t.assert.notEqual(site.arrive({ ...heavy, kind: 'write' }).node, null)
})

test('the shortest goes first, unless a longer one has waited long enough', (t: TestContext) => {
  const site = dispatching(1)
  const running = site.arrive(heavy)
  const long = site.arrive(heavy)
  const brief = site.arrive(short)
  site.end(running)
  t.assert.notEqual(brief.node, null)
  t.assert.equal(long.node, null)
  // 8 ms for each of the 35 ms by which it is shorter.
  site.clock.ms += 281
  const late = site.arrive(short)
  site.end(brief)
  t.assert.notEqual(long.node, null)
  t.assert.equal(late.node, null)
})

test('what nobody waits for goes last', (t: TestContext) => {
  const site = dispatching(1)
  const running = site.arrive(heavy)
  const background = site.arrive({ ...heavy, kind: 'background' })
  site.clock.ms += 400
  const read = site.arrive(heavy)
  site.end(running)
  t.assert.equal(background.node, null)
  t.assert.notEqual(read.node, null)
})

test('no call waits longer than the bound, and none is sent past its deadline', (t: TestContext) => {
  const site = dispatching(1, { maxWaitMs: 100 })
  site.arrive(heavy)
  const patient = site.arrive(heavy)
  const hurried = site.arrive(heavy, 50)
  t.assert.equal(site.dispatcher.nextDeadlineMs, 50)
  site.clock.ms = 50
  site.dispatcher.expire()
  t.assert.deepEqual([hurried.node, hurried.refused], [null, 'too-late'])
  t.assert.equal(site.dispatcher.nextDeadlineMs, 100)
  site.clock.ms = 100
  site.dispatcher.expire()
  t.assert.equal(patient.heldMs, 100)
  t.assert.equal(site.dispatcher.nextDeadlineMs, Number.POSITIVE_INFINITY)
})

test('the bound is one for all the waits of a call that several nodes are asked for', (t: TestContext) => {
  const site = dispatching(1, { maxWaitMs: 100 })
  const running = site.arrive(heavy)
  const first = site.arrive(heavy)
  site.clock.ms = 60
  site.end(running)
  t.assert.equal(first.heldMs, 60)
  const other = site.arrive(heavy)
  const again = site.arrive(heavy, Number.POSITIVE_INFINITY, first.heldMs)
  t.assert.equal(site.dispatcher.nextDeadlineMs, 100)
  // It waits in the place that it had.
  site.end(first)
  t.assert.deepEqual([again.node, other.node], [site.nodes[0], null])
  t.assert.equal(again.heldMs, 0)
})

test('of more than may wait the last in turn is refused, not the one that came last', (t: TestContext) => {
  const site = dispatching(1, { maxHeld: 2 })
  site.arrive(heavy)
  const waiting = [site.arrive(heavy), site.arrive(cpuWork(500)), site.arrive(short)]
  t.assert.deepEqual(
    waiting.map(({ refused }) => refused),
    [null, 'overloaded', null],
  )
  t.assert.equal(site.dispatcher.queued, 2)
})

test('a call whose client has gone is never sent', (t: TestContext) => {
  const site = dispatching(1)
  const running = site.arrive(heavy)
  const gone = site.arrive(heavy)
  t.assert.ok(gone.held !== null && site.dispatcher.cancel(gone.held))
  site.end(running)
  t.assert.deepEqual([gone.node, gone.refused], [null, null])
  t.assert.equal(gone.held !== null && site.dispatcher.cancel(gone.held), false)
})

test('a call that waits when the last node leaves is refused', (t: TestContext) => {
  const site = dispatching(1)
  site.arrive(heavy)
  const waiting = site.arrive(heavy)
  site.nodes.length = 0
  site.dispatcher.release()
  t.assert.equal(waiting.refused, 'no-node')
})

test('while calls wait it is looked again, though nothing came or ended', (t: TestContext) => {
  const site = dispatching(1, { recheckMs: 20 })
  const first = site.arrive(heavy)
  const waiting = site.arrive(heavy)
  t.assert.equal(site.dispatcher.nextDeadlineMs, 20)
  site.nodes.push({ meter: new Burdened(), capacityCores: 1, inFlight: 0 })
  site.clock.ms = 20
  site.dispatcher.expire()
  t.assert.equal(waiting.node, site.nodes[1])
  t.assert.notEqual(waiting.node, first.node)
})

test('a node has room for as much work as its cores do in one period', (t: TestContext) => {
  const site = dispatching(1, { room: 1 })
  site.arrive(cpuWork(60))
  const fits = site.arrive(cpuWork(40))
  const over = site.arrive(cpuWork(40))
  t.assert.notEqual(fits.node, null)
  t.assert.equal(over.node, null)
})

test('a call waits for the better node, though another idles, unless told to wait for none', (t: TestContext) => {
  for (const hold of ['on', 'patient', 'when-busy'] as const) {
    const site = dispatching(2, {}, hold)
    // The busy node is by far the better one.
    site.nodes[1]?.meter.burden(50)
    const first = site.arrive(heavy)
    t.assert.equal(first.node, site.nodes[0])
    const second = site.arrive(cpuWork(90))
    t.assert.equal(second.node, hold === 'when-busy' ? site.nodes[0] : null)
  }
})

test('the last node without a heavy call is left to light ones, for three times the work of who would take it', (t: TestContext) => {
  const site = dispatching(3)
  beginLightTraffic(site, 5)
  const [first, second] = [site.arrive(heavy), site.arrive(heavy)]
  const third = site.arrive(heavy)
  t.assert.equal(third.node, null)
  const idle = site.nodes.filter((node) => node !== first.node && node !== second.node)
  t.assert.deepEqual([site.arrive(light).node], idle)
  site.clock.ms += 3 * heavy.cpuMs - 1
  site.dispatcher.release()
  t.assert.equal(third.node, null)
  site.clock.ms += 1
  site.dispatcher.release()
  t.assert.deepEqual([third.node], idle)
})

test('it is left to nobody while more heavy calls wait than half of the nodes', (t: TestContext) => {
  const site = dispatching(4)
  beginLightTraffic(site, 5)
  for (let i = 0; i < 3; i++) t.assert.notEqual(site.arrive(heavy).node, null)
  const [first, second] = [site.arrive(heavy), site.arrive(heavy)]
  t.assert.equal(first.node, null)
  const third = site.arrive(heavy)
  t.assert.notEqual(first.node, null)
  t.assert.deepEqual([second.node, third.node], [null, null])
})

test('it is taken at once where few light calls come, of two nodes, by little work, and by hold=patient', (t: TestContext) => {
  const taken = (work: Work, eachMs: number, nodes: number, hold: HoldMode): boolean => {
    const site = dispatching(nodes, {}, hold)
    beginLightTraffic(site, eachMs)
    for (let i = 1; i < nodes; i++) site.arrive(work)
    return site.arrive(work).node !== null
  }
  t.assert.equal(taken(heavy, 5, 3, 'on'), false)
  t.assert.equal(taken(heavy, 50, 3, 'on'), true)
  t.assert.equal(taken(heavy, 5, 2, 'on'), true)
  t.assert.equal(taken(cpuWork(4), 5, 3, 'on'), true)
  t.assert.equal(taken(heavy, 5, 3, 'patient'), true)
})

test('when waiting is switched off all that wait go at once', (t: TestContext) => {
  const site = dispatching(1)
  const calls = [0, 1, 2, 3].map(() => site.arrive(heavy))
  t.assert.equal(site.dispatcher.queued, 3)
  site.dispatcher.use({ ...defaultChoice, hold: 'off' })
  t.assert.equal(site.dispatcher.queued, 0)
  for (const call of calls) site.end(call)
  site.dispatcher.use(defaultChoice)
  t.assert.notEqual(site.arrive(heavy).node, null)
})

/** Cost: calls in flight, and what the test adds. */
class Burdened extends InFlight {
  #burden = 0

  burden(by: number): void {
    this.#burden += by
  }

  override cost(): number {
    return super.cost() + this.#burden
  }

  stalls(): boolean {
    return true
  }
}

type Node = { readonly meter: Burdened; readonly capacityCores: number; inFlight: number }
type Call = {
  readonly work: Work
  node: Node | null
  heldMs: number
  refused: Refusal | null
  takenMs: number
  held: Held<unknown> | null
}

/** Light calls for two seconds, one each so many milliseconds, all of them answered. */
function beginLightTraffic(site: ReturnType<typeof dispatching>, eachMs: number): void {
  site.end(site.arrive(heavy))
  for (let ms = 0; ms < 2_000; ms += eachMs) {
    site.clock.ms += eachMs
    site.end(site.arrive(light))
  }
}

function dispatching(count: number, options = {}, hold: HoldMode = 'on') {
  const clock = { ms: 0, nowMs: () => clock.ms }
  const nodes = Array.from(
    { length: count },
    (): Node => ({ meter: new Burdened(), capacityCores: 1, inFlight: 0 }),
  )
  const dispatcher = new Dispatcher<Node>(
    { ...defaultChoice, hold },
    { ...dispatcherDefaults, room: 0, recheckMs: Number.POSITIVE_INFINITY, ...options },
    clock,
    seededRng(1),
  )
  const send = (call: Call, node: Node, heldMs: number): void => {
    Object.assign(call, { node, heldMs, takenMs: dispatcher.sent(node, call.work) })
    node.meter.start()
    node.inFlight += 1
  }
  const arrive = (work: Work, deadlineMs = Number.POSITIVE_INFINITY, heldBeforeMs = 0) => {
    const call: Call = { work, node: null, heldMs: 0, refused: null, takenMs: 0, held: null }
    const node = dispatcher.pick(work, nodes)
    if (node !== null) send(call, node, 0)
    if (node !== null) return { ...call, held: null }
    const held = dispatcher.hold(
      {
        work,
        among: () => nodes,
        release: (to, heldMs) => send(call, to, heldMs),
        refuse: (why) => {
          call.refused = why
        },
      },
      deadlineMs,
      heldBeforeMs,
    )
    return Object.assign(call, { held })
  }
  const end = ({ node, takenMs }: Call): void => {
    if (node === null) throw new RangeError('it was not sent')
    node.meter.settle()
    node.inFlight -= 1
    dispatcher.ended(node, takenMs)
  }
  return { dispatcher, clock, nodes, arrive, end }
}
