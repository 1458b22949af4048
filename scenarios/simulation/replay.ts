import {
  Costs,
  Dispatcher,
  dispatcherDefaults,
  type LoadMeter,
  meterOf,
  type StrategyChoice,
  seededRng,
} from '../../proxy/index.ts'
import { Agenda, type Happening } from './agenda.ts'
import type { Line, ProxyRecord } from './record-file.ts'

/** What a strategy would have done with the calls of a record. */
export type Replayed = {
  /** Calls that had more than one node to go to. */
  readonly choices: number
  /** Of those, the ones that went where they went in the record. */
  readonly same: number
  /** Calls by node, in the order of the record's nodes, those that came later behind. */
  readonly calls: readonly number[]
  /** Work by node, milliseconds by what calls were taken to cost. */
  readonly workMs: readonly number[]
  /** Most calls in flight at one node. */
  readonly mostInFlight: number
  readonly heldCalls: number
  /** Mean wait of those, ms; 0 when there were none. */
  readonly heldMs: number
  readonly refused: number
}

type Node = {
  readonly id: string
  readonly meter: LoadMeter
  inFlight: number
  capacityCores: number
  calls: number
  workMs: number
}

const timeoutMs = 30_000

/**
 * Runs the arrivals and the reports of a record through a strategy. A call ends as long after it was
 * sent as it took in the record, wherever it is sent: what another node would have made of it is not
 * known, so that decisions can be compared and latencies cannot.
 */
export function replay(record: ProxyRecord, choice: StrategyChoice, seed: number): Replayed {
  const agenda = new Agenda()
  const clock = { nowMs: () => agenda.nowMs }
  const costs = new Costs()
  const nodeOf = ({ id, cores }: ProxyRecord['start']['nodes'][number]): Node => {
    const meter = meterOf(choice, { clock, cores, costs })
    return { id, meter, inFlight: 0, capacityCores: cores ?? 1, calls: 0, workMs: 0 }
  }
  const nodes = record.start.nodes.map(nodeOf)
  /** Those that are there now. */
  let present: readonly Node[] = [...nodes]
  for (const move of record.moves) {
    const { k, t, node: id } = move
    const known = nodes.find((each) => each.id === id)
    const node = known ?? nodeOf({ id, cores: k === 'join' ? move.cores : null })
    if (known === undefined) nodes.push(node)
    later(agenda, t, () => {
      const others = present.filter((each) => each !== node)
      present = k === 'join' ? [...others, node] : others
    })
  }
  const dispatcher = new Dispatcher<Node>(choice, dispatcherDefaults, clock, seededRng(seed))
  const seen = { choices: 0, same: 0, mostInFlight: 0, heldCalls: 0, heldSumMs: 0, refused: 0 }

  const send = (call: Line<'call'>, node: Node, heldMs: number) => {
    const takenMs = dispatcher.sent(node, call)
    const ticket = node.meter.start(call)
    node.inFlight += 1
    node.calls += 1
    node.workMs += call.cpuMs + call.diskMs
    seen.mostInFlight = Math.max(seen.mostInFlight, node.inFlight)
    if (heldMs > 0) {
      seen.heldCalls += 1
      seen.heldSumMs += heldMs
    }
    if (call.among > 1 && call.node === node.id) seen.same += 1
    later(agenda, agenda.nowMs + call.tookMs, () => {
      node.inFlight -= 1
      node.meter.settle(ticket, call, call.tookMs, call.failed)
      dispatcher.ended(node, takenMs)
    })
  }
  let watchedMs = Number.POSITIVE_INFINITY
  const watch = () => {
    const nextMs = dispatcher.nextDeadlineMs
    if (nextMs >= watchedMs) return
    watchedMs = nextMs
    later(agenda, nextMs, () => {
      watchedMs = Number.POSITIVE_INFINITY
      dispatcher.expire()
      watch()
    })
  }
  const place = (call: Line<'call'>) => {
    const recorded = nodes.find(({ id }) => id === call.node)
    if (call.among <= 1) {
      // It had one node to go to, as a write does: the strategy had no say.
      if (recorded !== undefined) send(call, recorded, 0)
      return
    }
    seen.choices += 1
    const among = () => eligible(call, present)
    const node = dispatcher.pick(call, among())
    if (node !== null) return send(call, node, 0)
    const waiting = {
      work: call,
      among,
      release: (to: Node, heldMs: number) => send(call, to, heldMs),
      refuse: () => {
        seen.refused += 1
      },
    }
    dispatcher.hold(waiting, agenda.nowMs + timeoutMs)
    watch()
  }

  for (const call of record.calls) later(agenda, call.t, () => place(call))
  for (const { t, node: id, report, sent } of record.reports) {
    const node = nodes.find((each) => each.id === id)
    if (node === undefined) continue
    later(agenda, t, () => {
      if (report.cap.cpus !== undefined) node.capacityCores = report.cap.cpus
      node.meter.report(report, sent)
    })
  }
  while (agenda.step(Number.POSITIVE_INFINITY));

  const { heldSumMs, ...counts } = seen
  return {
    ...counts,
    heldMs: seen.heldCalls === 0 ? 0 : heldSumMs / seen.heldCalls,
    calls: nodes.map(({ calls }) => calls),
    workMs: nodes.map(({ workMs }) => workMs),
  }
}

/** Those of the nodes that the call could go to in the record. */
function eligible({ out }: Line<'call'>, present: readonly Node[]): readonly Node[] {
  return out === undefined ? present : present.filter(({ id }) => !out.includes(id))
}

function later(agenda: Agenda, atMs: number, run: () => void): void {
  const happening: Happening = { happen: run }
  agenda.add(atMs, happening, 0)
}
