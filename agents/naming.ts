import type { Declared } from './normalize.ts'
import { PidFile } from './pid-file.ts'
import type { Machine, Source } from './sources/source.ts'

/** One process, or container, that bears a node's name now. */
export type Naming = {
  /** Another when the name is given anew, even to what looks the same. */
  readonly version: string
  /** For people, such as `process 4242`, and why it cannot be opened. */
  readonly what: string
  readonly unseen: string
  /** Undefined when there is no such process. */
  open(): Source | undefined
}

/** A node to watch, and who bears its name. */
export type Subject = {
  /** Its identity in reports: stable, whatever its process is. */
  readonly id: string
  /** For people; may change. */
  readonly name: string
  /** What it may use at most, as far as only people know. */
  readonly declared: Declared
  /** Who bears the name now: undefined for nobody, `unknown` before that could be found out. */
  current(): Naming | 'unknown' | undefined
  /** Why {@link current} gives nothing, for people. */
  readonly absence: string
  /** True when a process stays the node's until another is named, though nothing names it any more. */
  readonly holdsOn: boolean
  /** Hears that the process of the last naming is no more. */
  ended(): void
}

/** Which process is a node's: a pid for good, or the file that names it. */
export type ProcessName = { readonly pid: number } | { readonly pidFile: string }

/** One process to watch. `id` is its identity in reports: stable, whatever its pid is. */
export type NodeOptions = { readonly id: string } & ProcessName & Declared

/** A node named by a pid or by a pid file. */
export function processSubject(options: NodeOptions, machine: Machine): Subject {
  const { id } = options
  const naming = (pid: number, version: string): Naming => ({
    version,
    what: `process ${pid}`,
    unseen: 'no such process',
    open: () => machine.open(pid),
  })
  const named = { id, name: id, declared: options, holdsOn: true, ended: () => {} }
  if ('pid' in options) {
    const forGood = naming(options.pid, 'for good')
    return { ...named, absence: 'no such process', current: () => forGood }
  }
  const file = new PidFile(options.pidFile)
  return {
    ...named,
    absence: 'no process is named',
    current() {
      const found = file.current()
      return found === undefined ? undefined : naming(found.pid, found.version)
    },
  }
}
