import { existsSync } from 'node:fs'
import { containerIdOf } from '../containers/container.ts'
import { findBelow } from './group-search.ts'
import type { KernelFiles } from './kept-file.ts'

/** Which directory of a cgroup tree a process is in, and those above it. */
export type Group = {
  /**
   * The directory of the container's group that the process is in, or else of its own, or of the
   * nearest one above that is mounted here.
   */
  readonly dir: string
  /** The process's own group and all above it up to the root, that exist: each one's limits bind. */
  readonly levels: readonly string[]
  /**
   * False when `dir` is the root of the tree, which holds the whole host or all we are shown of it,
   * or only stands in for a group that is not mounted here: then its figures are never one node's.
   */
  readonly mayBeOwn: boolean
  /** The container whose group `dir` is; absent where it is none's. */
  readonly containerId?: string
}

/** The groups of one process. Absent: this host has no such tree, or hides the process's place. */
export type Membership = {
  /** Its group in the cgroup v2 tree, where that tree has the controllers. */
  readonly v2?: Group
  /** Its groups in the trees of cgroup v1. */
  readonly v1?: { readonly [controller in Controller]?: Group }
  /** Its group in the v2 tree beside v1 trees: no controllers, but pressure. */
  readonly unified?: Group
}

const controllers = ['cpu', 'cpuacct', 'memory', 'cpuset', 'blkio'] as const
type Controller = (typeof controllers)[number]

/** Reads `/proc/PID/cgroup`, with lines such as `4:cpu,cpuacct:/docker/ae10…` and `0::/docker/ae10…`. */
export function parseMembership(text: string, files: KernelFiles, cgroupRoot: string): Membership {
  const lines = text.split('\n').map((line) => {
    const [, names = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    return { names, path }
  })
  const v2Path = lines.find(({ names, path }) => names === '' && path !== '')?.path
  if (files.once(`${cgroupRoot}/cgroup.controllers`) !== undefined) {
    const v2 = groupAt(cgroupRoot, v2Path)
    return v2 === undefined ? {} : { v2 }
  }
  const v1: { [controller in Controller]?: Group } = {}
  for (const controller of controllers) {
    const line = lines.find(({ names }) => names.split(',').includes(controller))
    // Controllers that share a tree are mounted under the joined name, and usually linked singly.
    const mounts = [`${cgroupRoot}/${controller}`, `${cgroupRoot}/${line?.names ?? controller}`]
    const mount = mounts.find((dir) => existsSync(dir))
    const group = mount === undefined ? undefined : groupAt(mount, line?.path)
    if (group !== undefined) v1[controller] = group
  }
  const unified = existsSync(`${cgroupRoot}/unified/cgroup.procs`)
    ? groupAt(`${cgroupRoot}/unified`, v2Path)
    : undefined
  return unified === undefined ? { v1 } : { v1, unified }
}

/**
 * Limits of all groups from the process's own up to the root bind it; its use is that of the
 * innermost container that it is in, or else of its own group. A group that is not mounted here (a
 * container that sees `/proc` of its host but its own cgroup mount) leaves the levels above it, whose
 * limits hold all the same.
 */
function groupAt(mount: string, path: string | undefined): Group | undefined {
  const names = path === undefined ? undefined : placeBelow(mount, path)
  if (names === undefined) return undefined
  const at = (depth: number): string => [mount, ...names.slice(0, depth)].join('/')
  const inner = names.findLastIndex((name) => containerIdOf(name) !== undefined)
  const containerId = containerIdOf(names[inner] ?? '')
  const ownDepth = containerId === undefined ? names.length : inner + 1
  const levels: string[] = []
  for (let depth = names.length; depth >= 0; depth -= 1) {
    if (existsSync(at(depth))) levels.push(at(depth))
  }
  const own = at(ownDepth)
  const isThere = levels.includes(own)
  const dir = isThere ? own : levels[0]
  if (dir === undefined) return undefined
  const mayBeOwn = names.length > 0 && isThere
  return { dir, levels, mayBeOwn, ...(containerId !== undefined && { containerId }) }
}

/**
 * The names on the way from the mount to a process's group. Seen from within a cgroup namespace a
 * path begins with `/..` and only its end can be trusted: that is looked for below the mount.
 */
function placeBelow(mount: string, path: string): readonly string[] | undefined {
  const names = path.split('/').filter((name) => name !== '')
  const up = names.lastIndexOf('..')
  if (up === -1 && existsSync([mount, ...names].join('/'))) return names
  const tail = names.slice(up + 1)
  const inner = tail.findLastIndex((name) => containerIdOf(name) !== undefined)
  const found = findBelow(mount, tail.slice(Math.max(0, inner)))
  return found ?? (up === -1 ? names : undefined)
}
