import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import type { BenchConfig } from './config.ts'
import { type Results, resultsSchemaName } from './report/results.ts'
import type { Site } from './site.ts'
import { workloadNamed } from './workloads/catalogue.ts'
import { isMet } from './workloads/workload.ts'

/** This package's version, from its manifest. */
export async function packageVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(
    await readFile(new URL('../package.json', import.meta.url), 'utf8'),
  )
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? manifest.version
      : undefined
  if (typeof version !== 'string') throw new Error('package.json has no version')
  return version
}

/**
 * Results without a trial yet: what is to be measured, with what, where.
 * @param command the command line as it was typed
 */
export async function emptyResults(
  config: BenchConfig,
  site: Site,
  command: string,
): Promise<Results> {
  const now = new Date().toISOString()
  const targets = config.contenders.flatMap(({ name, url }) =>
    url === null ? [] : [[name, url] as const],
  )
  return {
    schema: resultsSchemaName,
    complete: false,
    startedAt: now,
    finishedAt: now,
    command,
    machine: {
      processor: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      system: `${type()} ${release()} ${process.arch}`,
      node: process.versions.node,
    },
    versions: { equipoise: await packageVersion(), client: site.client },
    parameters: {
      contenders: config.contenders.map(({ name }) => name),
      baseline: config.baseline,
      workload: config.workload,
      ratePerSecond: config.ratePerSecond,
      warmupMs: config.warmupMs,
      durationMs: config.durationMs,
      repeats: config.repeats,
      seed: config.seed,
      nodes: config.nodes,
      cpus: [...config.cpus],
      maxInFlight: config.maxInFlight,
      timeoutMs: config.timeoutMs,
      saturate: config.saturate,
      targets: Object.fromEntries(targets),
    },
    workload: describeWorkload(config.workload, site),
    commands: [...site.commands],
    notes: [...notesOf(config, site)],
    trials: [],
  }
}

function describeWorkload(name: string, site: Site): Results['workload'] {
  const { about, classes, rows } = workloadNamed(name)
  const total = rows.reduce((sum, row) => sum + row.weight, 0)
  return {
    about,
    classes: [...classes],
    calls: rows.map((row) => ({
      method: isMet(row, site.facts) ? row.method : 'eth_getBlockByNumber',
      what: isMet(row, site.facts) ? row.what : `in place of ${row.method}`,
      class: row.class,
      share: row.weight / total,
    })),
  }
}

/** What a reader must know, by now: what the site has to say, and what the chain did not hold. */
export function notesOf(config: BenchConfig, site: Site): readonly string[] {
  const unmet = workloadNamed(config.workload).rows.filter((row) => !isMet(row, site.facts))
  const replaced = unmet.map(
    ({ method, needs }) =>
      `The chain had no ${needs} in its newest blocks; ${method} was replaced by eth_getBlockByNumber.`,
  )
  return [...site.notes, ...replaced]
}
