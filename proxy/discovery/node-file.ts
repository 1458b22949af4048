import { parse } from 'yaml'
import { z } from 'zod'
import { doubleIds, type NodeSpec, nodeSchema } from './node-spec.ts'

const schema = z.strictObject({ nodes: z.array(nodeSchema).max(1024) })

/**
 * Reads the text of a file of nodes: YAML, of which JSON is a part, with one key, `nodes`, as in the
 * configuration. Either all of it is right or none of it counts.
 * @throws Error with every problem and the path of its key, in one line
 */
export function parseNodeFile(text: string): readonly NodeSpec[] {
  const value: unknown = parse(text) ?? {}
  const parsed = schema.safeParse(value)
  const nodes: unknown = isRecord(value) ? value['nodes'] : undefined
  const doubles = Array.isArray(nodes) ? doubleIds(nodes, 'nodes') : []
  const flaws = doubles.map(({ path, message }) => `${path}: ${message}`)
  if (parsed.success && flaws.length === 0) return parsed.data.nodes
  const issues = parsed.success ? [] : parsed.error.issues
  for (const issue of issues) flaws.push(`${pathOf(issue.path)}: ${issue.message}`)
  throw new Error(flaws.join('; '))
}

function pathOf(keys: readonly PropertyKey[]): string {
  if (keys.length === 0) return 'file'
  return keys
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .slice(1)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
