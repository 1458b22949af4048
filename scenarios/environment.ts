import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import type { BenchConfig, BenchFlags } from './config.ts'
import { type Results, resultsSchemaName } from './report/results.ts'
import { haproxyVersion, isHaproxy } from './stand/haproxy.ts'

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
 * Results without a trial yet: what is to be measured, with what.
 * @param command the command line as it was typed
 */
export async function emptyResults(
  config: BenchConfig,
  flags: BenchFlags,
  repeats: number,
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
    versions: {
      equipoise: await packageVersion(),
      client: null,
      haproxy: config.contenders.some(isHaproxy) ? haproxyVersion() : null,
    },
    parameters: {
      contenders: config.contenders.map(({ name }) => name),
      baseline: config.baseline,
      fleet: config.profiles.length === 0 ? null : config.fleet,
      profiles: config.profiles.map(({ name, about, nodes, cpus: quotas }) => ({
        ...{ name, about, nodes, cpus: [...quotas] },
      })),
      transport: config.transport,
      warmupMs: config.warmupMs,
      durationMs: config.durationMs,
      repeats,
      seed: config.seed,
      maxInFlight: config.maxInFlight,
      timeoutMs: config.timeoutMs,
      saturate: config.saturate,
      rules: { ...config.rules },
      p99LimitMs: config.p99LimitMs,
      targets: Object.fromEntries(targets),
      flags: plainFlags(flags),
    },
    cells: [],
    commands: [],
    notes: [],
    trials: [],
  }
}

function plainFlags(flags: BenchFlags): Results['parameters']['flags'] {
  const entries = Object.entries(flags).flatMap(([name, value]) => {
    if (value === undefined) return []
    return [[name, typeof value === 'object' ? [...value] : value] as const]
  })
  return Object.fromEntries(entries)
}
