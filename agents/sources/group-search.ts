import { readdirSync } from 'node:fs'

/** Beyond these a tree is not searched: a host with a thousand pods has fewer groups. */
const maxDirectories = 8192
const maxDepth = 16

/**
 * The names on the way from a mount to the one group whose path ends in `tail`, nearest first.
 * Undefined when there is none, and when there are several of one depth: either might be meant.
 */
export function findBelow(mount: string, tail: readonly string[]): readonly string[] | undefined {
  const last = tail.at(-1)
  if (last === undefined) return undefined
  let level: (readonly string[])[] = [[]]
  let seen = 0
  for (let depth = 0; depth < maxDepth && level.length > 0; depth += 1) {
    const below: (readonly string[])[] = []
    for (const names of level) {
      if (seen > maxDirectories) return undefined
      for (const name of directoriesIn([mount, ...names].join('/'))) below.push([...names, name])
      seen += 1
    }
    const found = below.filter((names) => endsIn(names, tail))
    if (found.length > 0) return found.length === 1 ? found[0] : undefined
    level = below
  }
  return undefined
}

/** The groups within a group. Empty too for one that was removed, or is not ours to see. */
export function directoriesIn(dir: string): readonly string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  } catch {
    return []
  }
}

function endsIn(names: readonly string[], tail: readonly string[]): boolean {
  const from = names.length - tail.length
  return from >= 0 && tail.every((name, i) => names[from + i] === name)
}
