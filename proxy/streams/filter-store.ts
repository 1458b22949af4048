import { z } from 'zod'
import type { Block } from '../upstream/block.ts'
import { JournalFile } from '../writes/journal-file.ts'
import { parseCriteria } from './criteria.ts'
import type { Filter, FilterKind } from './filter.ts'

/** A filter that an earlier run has left, and the block up to which its client was told. */
export type StoredFilter = {
  readonly id: string
  readonly kind: FilterKind
  readonly position: Block | null
}

const block = z.object({ number: z.number(), hash: z.string(), parentHash: z.string() })

const record = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('open'),
    id: z.string(),
    kind: z.enum(['blocks', 'logs', 'transactions']),
    /** Of logs: the criteria; of transactions: `true` for whole ones. */
    text: z.string(),
    at: block.nullable(),
  }),
  z.object({ do: z.literal('told'), id: z.string(), at: block.nullable() }),
  z.object({ do: z.literal('gone'), id: z.string() }),
])

type OpenRecord = Extract<z.infer<typeof record>, { do: 'open' }>

/** A file of records that stand for filters which are gone is written anew beyond this. */
const compactAboveBytes = 8_388_608

/** Filters on the disk, so that they outlive the proxy. */
export class FilterStore {
  readonly #file: JournalFile
  readonly #records: Map<string, OpenRecord>
  readonly #onError: (error: unknown) => void
  #compactAbove = compactAboveBytes
  readonly filters: readonly StoredFilter[]

  private constructor(
    file: JournalFile,
    records: Map<string, OpenRecord>,
    onError: (error: unknown) => void,
  ) {
    this.#file = file
    this.#records = records
    this.#onError = onError
    this.filters = [...records.values()].flatMap((open) => {
      const kind = kindOf(open)
      return kind === null ? [] : [{ id: open.id, kind, position: open.at }]
    })
  }

  /**
   * @param onError told when a record could not be written
   * @throws JournalDamage when the file cannot be trusted, or another process has it open
   */
  static async open(folder: string, onError: (error: unknown) => void): Promise<FilterStore> {
    const { file, records } = await JournalFile.open(folder)
    const open = new Map<string, OpenRecord>()
    for (const value of records) {
      const { data } = record.safeParse(value)
      if (data === undefined) continue
      const known = open.get(data.id)
      if (data.do === 'open') open.set(data.id, data)
      else if (data.do === 'gone') open.delete(data.id)
      else if (known !== undefined) open.set(data.id, { ...known, at: data.at })
    }
    return new FilterStore(file, open, onError)
  }

  /** Resolves when it is on the disk. */
  async opened({ id, kind, position }: Filter): Promise<void> {
    const text =
      kind.name === 'logs' ? kind.text : String(kind.name === 'transactions' && kind.isWhole)
    const open: OpenRecord = { do: 'open', id, kind: kind.name, text, at: position }
    this.#records.set(id, open)
    await this.#append(open)
  }

  /** Its client is told all up to the filter's position. Resolves when that is on the disk. */
  async delivered({ id, position }: Filter): Promise<void> {
    const open = this.#records.get(id)
    if (open === undefined) return
    this.#records.set(id, { ...open, at: position })
    await this.#append({ do: 'told', id, at: position })
  }

  /** Whether a restart would go back by so many blocks. */
  isBehind({ id, position }: Filter, blocks: number): boolean {
    const at = this.#records.get(id)?.at ?? null
    return position !== null && (at === null || position.number - at.number >= blocks)
  }

  gone({ id }: Filter): void {
    if (this.#records.delete(id)) void this.#append({ do: 'gone', id })
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  /** A filter that cannot be kept on the disk works all the same, until the proxy ends. */
  async #append(value: object): Promise<void> {
    try {
      await this.#file.append(value)
      if (this.#file.bytes <= this.#compactAbove) return
      this.#compactAbove = Number.POSITIVE_INFINITY
      await this.#file.compact([...this.#records.values()])
      this.#compactAbove = Math.max(compactAboveBytes, 2 * this.#file.bytes)
    } catch (error) {
      this.#onError(error)
    }
  }
}

function kindOf({ kind, text }: OpenRecord): FilterKind | null {
  if (kind === 'blocks') return { name: 'blocks' }
  if (kind === 'transactions') return { name: 'transactions', isWhole: text === 'true' }
  const criteria = parseCriteria(text)
  return criteria === null ? null : { name: 'logs', criteria, text }
}
