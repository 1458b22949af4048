import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import { z } from 'zod'
import { freePort } from '../../ports.ts'
import { Process } from '../../process.ts'
import { Reaper } from '../../reaper.ts'
import { alertsPath, prometheusPath } from './monitoring-files.ts'

/** Why there can be none here; false where there can. */
export const noPrometheus =
  spawnSync('prometheus', ['--version']).error === undefined
    ? false
    : 'needs Prometheus (Debian: apt-get install prometheus)'

/** Far beyond what anything here takes on a busy machine. */
const patienceMs = 60_000
const pollMs = 100

const configSchema = z.looseObject({
  global: z.object({ scrape_interval: z.string(), evaluation_interval: z.string() }),
  scrape_configs: z.array(
    z.looseObject({
      job_name: z.string(),
      authorization: z.strictObject({ credentials_file: z.string() }),
      static_configs: z.array(z.strictObject({ targets: z.array(z.string()) })),
    }),
  ),
})

const answerSchema = z.object({
  status: z.literal('success'),
  data: z.object({
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        value: z.tuple([z.number(), z.string()]),
      }),
    ),
  }),
})
const targetsSchema = z.object({
  data: z.object({
    activeTargets: z.array(
      z.object({
        labels: z.record(z.string(), z.string()),
        health: z.string(),
        lastError: z.string(),
      }),
    ),
  }),
})

export type Series = { readonly metric: Readonly<Record<string, string>>; readonly value: number }

/** A real Prometheus with our own configuration and alerts, at a second's pace. */
export class PrometheusServer {
  readonly #url: string

  private constructor(url: string) {
    this.#url = url
  }

  /**
   * Starts it; it ends with the test. Resolves when every target was scraped.
   * @param targets `host:port` for each job of prometheus.yml
   * @param holdS in place of the minutes for which a condition must hold before its alert fires
   */
  static async start(
    t: TestContext,
    targets: Readonly<Record<string, string>>,
    holdS: number,
  ): Promise<PrometheusServer> {
    const folder = await mkdtemp(join(tmpdir(), 'equipoise-prometheus-'))
    const reaper = new Reaper(folder)
    const port = await freePort()
    await writeFile(join(folder, 'token'), 'of no use on loopback')
    const alerts = await readFile(alertsPath, 'utf8')
    await writeFile(join(folder, 'alerts.yml'), alerts.replaceAll(/for: \S+/g, `for: ${holdS}s`))
    const config = configSchema.parse(parse(await readFile(prometheusPath, 'utf8')))
    config.global = { scrape_interval: '1s', evaluation_interval: '1s' }
    for (const job of config.scrape_configs) {
      job.authorization.credentials_file = join(folder, 'token')
      job.static_configs = [{ targets: [targets[job.job_name] ?? ''] }]
    }
    const file = join(folder, 'prometheus.yml')
    await writeFile(file, stringify({ ...config, rule_files: [join(folder, 'alerts.yml')] }))
    const process = new Process({
      name: 'prometheus',
      command: [
        'prometheus',
        ...[`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`],
        ...[`--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
      ],
      reaper,
    })
    t.after(async () => {
      await process.stop(patienceMs)
      await reaper.close()
    })
    const server = new PrometheusServer(`http://127.0.0.1:${port}`)
    await Promise.race([
      server.until(async () => await server.#isScraping(), 'every target was scraped'),
      process.ended.then(({ how }) => {
        throw new Error(['prometheus ended', how, ...process.lastWords].join('; '))
      }),
    ])
    return server
  }

  /** What an expression gives now. @throws Error for one that Prometheus refuses */
  async query(expression: string): Promise<readonly Series[]> {
    const reply = await fetch(`${this.#url}/api/v1/query`, {
      method: 'POST',
      body: new URLSearchParams({ query: expression }),
    })
    const text = await reply.text()
    if (reply.status !== 200) throw new Error(`${expression}: ${text}`)
    const { data } = answerSchema.parse(JSON.parse(text))
    return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
  }

  /** The alerts that fire now, as `NodeDown geth-1`, or the name alone for those of no node. */
  async firing(): Promise<readonly string[]> {
    const series = await this.query('ALERTS{alertstate="firing"}')
    return series.map(({ metric: { alertname = '', node } }) =>
      node === undefined ? alertname : `${alertname} ${node}`,
    )
  }

  /** @throws Error with `what` when it does not become true within a minute */
  async until(condition: () => Promise<boolean>, what: string): Promise<void> {
    const untilMs = performance.now() + patienceMs
    while (!(await condition())) {
      if (performance.now() > untilMs) throw new Error(`it did not come about that ${what}`)
      await pause(pollMs)
    }
  }

  async #isScraping(): Promise<boolean> {
    const reply = await fetch(`${this.#url}/api/v1/targets`).catch(() => null)
    if (reply?.status !== 200) return false // It has just begun.
    const { activeTargets } = targetsSchema.parse(await reply.json()).data
    return activeTargets.length > 0 && activeTargets.every(({ health }) => health === 'up')
  }
}
