import { type Metric, Registry } from 'prom-client'
import { type Row, rows, type Scrape } from './metric-rows.ts'

/** Renders {@link rows} for Prometheus. Nothing is kept between scrapes. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #scrape: () => Scrape

  constructor(scrape: () => Scrape) {
    this.#scrape = scrape
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    const now = this.#scrape()
    this.#registry.clear()
    for (const [name, { kind, help, read }] of Object.entries(rows)) {
      const values = valuesOf(name, read, now)
      const metric = {
        name,
        help,
        type: kind,
        get: async () => ({ name, help, type: kind, values }),
      }
      // The types know only the library's own classes, which would keep a copy of every value.
      this.#registry.registerMetric(metric as unknown as Metric)
    }
    return this.#registry.metrics()
  }
}

function valuesOf(name: string, read: Row['read'], scrape: Scrape) {
  const values: { value: number; labels: Readonly<Record<string, string>>; metricName: string }[] =
    []
  read(scrape, (value, labels = {}, series = undefined) => {
    if (value !== undefined) values.push({ value, labels, metricName: `${name}${series ?? ''}` })
  })
  return values
}
