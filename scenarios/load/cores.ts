import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** With fewer cores one for the generator alone would be taken from what is measured. */
const leastCores = 4

/** Cores of the machine by number: one for the generator, the others for proxies. */
export type CoreSplit = { readonly generator: number; readonly proxies: string }

/**
 * Splits the cores that this process may use.
 * @param allowed as Linux has it in `/proc/self/status`: `0-3,8`
 * @returns null where there are too few
 */
export function splitCores(allowed: string): CoreSplit | null {
  const cores = allowed.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, i) => first + i)
  })
  const generator = cores.at(-1)
  if (cores.length < leastCores || generator === undefined) return null
  return { generator, proxies: cores.slice(0, -1).join(',') }
}

/** What to start a proxy with, so that it keeps off the generator's core; nothing where there is none. */
export function proxyCores(): readonly string[] {
  const split = ownSplit()
  return split === null ? [] : ['taskset', '-c', split.proxies]
}

/** Puts this process onto the generator's core, where there is one. */
export function keepToOwnCore(): void {
  const split = ownSplit()
  if (split === null) return
  const flags = ['-a', '-p', '-c', String(split.generator), String(process.pid)]
  execFileSync('taskset', flags, { stdio: 'ignore' })
}

/** Null where the machine has too few cores, does not tell, or has no `taskset`. */
function ownSplit(): CoreSplit | null {
  let status: string
  try {
    status = readFileSync('/proc/self/status', 'utf8')
  } catch {
    return null // No Linux: the scheduler knows best.
  }
  const [, allowed = ''] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status) ?? []
  const split = splitCores(allowed)
  const hasTaskset = spawnSync('taskset', ['--version'], { stdio: 'ignore' }).error === undefined
  return hasTaskset ? split : null
}
