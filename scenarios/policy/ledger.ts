import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SlotPlace } from './schedule.ts'
import { type Slot, slotSchema } from './slot.ts'

/** The slots measured into one folder, a line each, so that a trial can be broken off and gone on with. */
export class Ledger {
  readonly #file: string
  readonly #slots: Slot[]

  private constructor(file: string, slots: Slot[]) {
    this.#file = file
    this.#slots = slots
  }

  /** @throws Error naming the line that is not a slot */
  static async open(directory: string): Promise<Ledger> {
    const file = join(directory, 'slots.ndjson')
    const text = await readFile(file, 'utf8').catch(() => '') // None yet.
    const lines = text.split('\n').filter((line) => line !== '')
    const slots = lines.map((line, i) => {
      try {
        return slotSchema.parse(JSON.parse(line))
      } catch (error) {
        throw new Error(`${file}:${i + 1} is no slot`, { cause: error })
      }
    })
    return new Ledger(file, slots)
  }

  /** All of them, in the order they were measured in. */
  get slots(): readonly Slot[] {
    return this.#slots
  }

  /** Those that count. */
  get sound(): readonly Slot[] {
    return this.#slots.filter(({ dropped }) => dropped === null)
  }

  has(place: SlotPlace): boolean {
    return this.sound.some((slot) => isAt(slot, place))
  }

  async add(slot: Slot): Promise<void> {
    this.#slots.push(slot)
    await appendFile(this.#file, `${JSON.stringify(slot)}\n`)
  }
}

function isAt(slot: Slot, { profile, load, seed, strategy }: SlotPlace): boolean {
  return (
    slot.profile === profile &&
    slot.load === load &&
    slot.seed === seed &&
    slot.strategy === strategy
  )
}
