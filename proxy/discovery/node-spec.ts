import { z } from 'zod'

/** A URL of a node or agent: http or https. */
export const httpUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), {
    error: 'want a URL that begins with http:// or https://',
  })
  .transform((text) => new URL(text))

const webSocketUrl = z
  .string()
  .refine((text) => URL.canParse(text) && /^wss?:$/.test(new URL(text).protocol), {
    error: 'want a URL that begins with ws:// or wss://',
  })
  .transform((text) => new URL(text))

/** What a node may be called: it stands in metrics, logs and headers. */
export const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

const id = z.string().regex(idPattern, {
  error: 'want 1 to 63 letters, digits, dots, dashes or underscores, a letter or digit first',
})

/** One node, as people write it down or a provider finds it. */
export const nodeSchema = z.strictObject({
  id,
  url: httpUrl,
  /** Where it speaks WebSocket; without it, the same address as `url`. */
  ws: webSocketUrl.optional(),
  /** Where it serves what is passed through, if not on the host of `url`; false where nowhere. */
  web: z
    .union([z.literal(false), httpUrl], { error: 'want a URL that begins with http://, or false' })
    .optional(),
  /** Where its agent listens; its report bears this node's id or name. */
  agent: httpUrl.optional(),
  /** What its agent's reports call it, where that is not its id. */
  'reported-as': z.array(z.string().min(1).max(256)).max(8).optional(),
  /** Cores it may use, for as long as no agent says. */
  cores: z.number().positive().optional(),
  /** The chain it must be on. */
  'chain-id': z.int().positive().optional(),
  /** Takes no new calls while others can. */
  drain: z.boolean().optional(),
})

/** One node of the fleet, whoever named it. Its id tells it from all others. */
export type NodeSpec = z.output<typeof nodeSchema>

/**
 * A node out of what a provider has put together.
 * @throws Error that names every key which is wrong
 */
export function parseNode(value: unknown): NodeSpec {
  const parsed = nodeSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const flaws = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw new Error(flaws.join('; '))
}

/** Whether two are the same node at the same place, so that nothing of it need begin anew. */
export function isSameNode(a: NodeSpec, b: NodeSpec): boolean {
  return placeOf(a) === placeOf(b)
}

function placeOf({ id, url, ws, web, cores, 'chain-id': chainId, ...rest }: NodeSpec): string {
  const webText = web === undefined || web === false ? web : web.href
  return JSON.stringify([id, url.href, ws?.href, webText, cores, chainId, rest['reported-as']])
}

/** Something wrong at the path of a key. */
export type Flaw = { readonly path: string; readonly message: string }

/** Ids that stand twice in a list that nobody has checked yet. */
export function doubleIds(nodes: readonly unknown[], path: string): Flaw[] {
  const seen = new Set<string>()
  return nodes.flatMap((entry, i) => {
    const name = typeof entry === 'object' && entry !== null && 'id' in entry ? entry.id : null
    if (typeof name !== 'string') return []
    if (seen.has(name)) return [{ path: `${path}[${i}].id`, message: `${name} is there twice` }]
    seen.add(name)
    return []
  })
}

/** A host as it stands in a URL. */
export function hostOf(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}

/** An id out of whatever something is called elsewhere: what an id cannot hold becomes a dash. */
export function idFrom(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '')
  return plain.slice(0, 63) || 'node'
}
