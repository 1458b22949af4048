import { containerIdIn } from '../containers/container.ts'
import { directoriesIn } from './group-search.ts'
import type { KernelFiles } from './kept-file.ts'
import { textField } from './kernel-text.ts'
import type { Group } from './membership.ts'
import { parentOf } from './process.ts'

/** Beyond these a group is not that of one node. */
const maxGroups = 256
const maxProcesses = 4096
const maxAncestors = 64

/**
 * Says of groups whether their figures are those of one process and its descendants. In a shell's
 * session three nodes and their shell share a group: its CPU is nobody's own.
 */
export class Ownership {
  readonly #files: KernelFiles
  readonly #procRoot: string
  readonly #pid: number
  readonly #isInNamespace: boolean
  /** The container that this agent is in. */
  readonly #ownContainer: string | undefined

  constructor(files: KernelFiles, procRoot: string, pid: number) {
    this.#files = files
    this.#procRoot = procRoot
    this.#pid = pid
    this.#isInNamespace = isInPidNamespace(files, procRoot, pid)
    this.#ownContainer = containerIdIn(files.once(`${procRoot}/self/cgroup`) ?? '')
  }

  /**
   * Within a container (seen by its group's name or its pid namespace) everything in the group is the
   * node's, also its init and what `docker exec` starts, which do not descend from its process.
   */
  isOwn(group: Group | undefined): boolean {
    if (group === undefined || !group.mayBeOwn) return false
    // An agent in one container with its nodes would take itself for each of them.
    if (group.containerId !== undefined && group.containerId !== this.#ownContainer) return true
    if (this.#isInNamespace) return true
    const pids = this.#processes(group.dir)
    return pids?.every((pid) => this.#descends(pid)) ?? false
  }

  /** Pids in the group and the groups below it; undefined when they cannot be told or are too many. */
  #processes(dir: string): readonly number[] | undefined {
    const pids: number[] = []
    const dirs = [dir]
    for (let next = 0; next < dirs.length; next += 1) {
      const at = dirs[next] ?? ''
      const text = this.#files.once(`${at}/cgroup.procs`)
      if (text === undefined) return undefined
      for (const line of text.split('\n')) if (line !== '') pids.push(Number(line))
      for (const name of directoriesIn(at)) dirs.push(`${at}/${name}`)
      if (dirs.length > maxGroups || pids.length > maxProcesses) return undefined
    }
    return pids
  }

  #descends(pid: number): boolean {
    let ancestor: number | undefined = pid
    for (let i = 0; i < maxAncestors && ancestor !== this.#pid; i += 1) {
      ancestor = parentOf(this.#files, this.#procRoot, ancestor)
      // What has ended since the list was read uses nothing any more.
      if (ancestor === undefined) return i === 0 && pid !== 0
    }
    return ancestor === this.#pid
  }
}

/** `NSpid` has one number for each namespace from ours down to the process's. */
function isInPidNamespace(files: KernelFiles, procRoot: string, pid: number): boolean {
  const status = files.once(`${procRoot}/${pid}/status`)
  const pids = status === undefined ? undefined : textField(status, 'NSpid')
  return pids !== undefined && pids.split(/\s+/).length > 1
}
