import { Counter, Gauge, Histogram as PromHistogram, Registry } from 'prom-client'
import type { Histogram } from '../stats/histogram.ts'
import { EventLoopLag } from './event-loop.ts'
import type { HistogramRow, NumberRow } from './row.ts'
import type { Scrape, Sources } from './sources.ts'
import { rows } from './table.ts'

const prefix = 'equipoise_'

/** Names of all metrics, as a scrape shows them. */
export const metricNames: readonly string[] = Object.keys(rows).map((name) => prefix + name)

/**
 * The proxy's metrics for Prometheus. The numbers live where they are counted, as plain numbers;
 * each scrape copies them into a registry of its own, so that a node which left is not shown and
 * two scrapes at once do not meet.
 */
export class Metrics {
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE
  readonly #sources: Sources
  readonly #lag = new EventLoopLag()

  /** Starts to watch the event loop, until {@link close}. */
  constructor(sources: Sources) {
    this.#sources = sources
  }

  /** The text of one scrape, in Prometheus' text format 0.0.4. */
  async render(): Promise<string> {
    const registry = new Registry()
    const scrape = this.#read()
    for (const [name, row] of Object.entries(rows)) copy(registry, prefix + name, row, scrape)
    return await registry.metrics()
  }

  async close(): Promise<void> {
    this.#lag.close()
  }

  #read(): Scrape {
    return {
      fleet: this.#sources.snapshot(),
      nodes: this.#sources.nodes(),
      agents: this.#sources.agents(),
      pushes: this.#sources.pushes(),
      decisions: this.#sources.decisions(),
      held: this.#sources.held,
      calls: this.#sources.calls,
      contracts: this.#sources.contracts,
      ledger: this.#sources.ledger,
      streams: this.#sources.streams,
      lag: this.#lag.seconds,
    }
  }
}

function copy(registry: Registry, name: string, row: NumberRow | HistogramRow, from: Scrape): void {
  const options = { name, help: row.help, labelNames: row.labels, registers: [registry] }
  switch (row.kind) {
    case 'counter': {
      const counter = new Counter(options)
      row.read(from, (value, ...labels) => counter.inc(named(row.labels, labels), value))
      return
    }
    case 'gauge': {
      const gauge = new Gauge(options)
      row.read(from, (value, ...labels) => gauge.set(named(row.labels, labels), value))
      return
    }
    case 'histogram': {
      const copied = new CopiedHistogram(options)
      row.read(from, (value, ...labels) => copied.put(value, named(row.labels, labels)))
      return
    }
    default:
      row satisfies never
  }
}

function named(names: readonly string[], values: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']))
}

type Sample = {
  readonly metricName: string
  readonly labels: Record<string, string | number>
  readonly value: number
}

/**
 * A histogram that prints counts made elsewhere. The registry asks a metric for its samples by
 * `getForPromString` where it has one; prom-client's own types do not mention it.
 */
class CopiedHistogram extends PromHistogram {
  readonly #options: { readonly name: string; readonly help: string }
  readonly #samples: Sample[] = []

  constructor(options: {
    name: string
    help: string
    labelNames: readonly string[]
    registers: Registry[]
  }) {
    super(options)
    this.#options = options
  }

  put(histogram: Histogram, labels: Record<string, string>): void {
    const { name } = this.#options
    let atMost = 0
    for (let bucket = 0; bucket <= histogram.bounds.length; bucket += 1) {
      atMost += histogram.counts[bucket] ?? 0
      const le = histogram.bounds[bucket] ?? '+Inf'
      this.#samples.push({ metricName: `${name}_bucket`, labels: { ...labels, le }, value: atMost })
    }
    this.#samples.push({ metricName: `${name}_sum`, labels, value: histogram.sum })
    this.#samples.push({ metricName: `${name}_count`, labels, value: atMost })
  }

  async getForPromString() {
    return { ...this.#options, type: 'histogram', values: this.#samples }
  }
}
