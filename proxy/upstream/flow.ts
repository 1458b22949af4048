import type { AnswerControl } from './connection.ts'

/** Where a flow is poured. */
export type FlowSink = {
  /** False: that is enough until {@link Flow.resume}. */
  write(chunk: Buffer): boolean
  end(): void
  /** It ended too early: what was written must not look whole. */
  fail(error: Error): void
}

const newline = 0x0a
const closeObject = 0x7d
const oneNewline = Buffer.from('\n')

/**
 * An answer too large to be held: its opening, and the rest as it comes from the node, never faster
 * than it is taken. Made by an attempt, poured by whoever answers the client.
 */
export class Flow {
  /** All that came before it was clear that the answer is large. */
  readonly opening: Buffer
  /** Bytes behind the opening, or null where the node sends chunks and counts nothing. */
  readonly restBytes: number | null
  readonly #controller: AnswerControl
  readonly #ended = Promise.withResolvers<void>()
  #sink: FlowSink | null = null
  /** What came before it had a sink: what was read at once when the node closed. */
  #early: Buffer[] = []
  #isOver = false
  #error: Error | null = null
  #last: number
  #heldNewline = false

  constructor(opening: Buffer, restBytes: number | null, controller: AnswerControl) {
    this.opening = opening
    this.restBytes = restBytes
    this.#controller = controller
    this.#last = opening.at(-1) ?? 0
    // Whoever follows the flow hears of its end; nobody has to.
    this.#ended.promise.catch(() => {})
    controller.pause()
  }

  /**
   * Resolves when the last byte has come.
   * @throws Error when it ended too early
   */
  get ended(): Promise<void> {
    return this.#ended.promise
  }

  /** The one who takes it is the one who is waited for. */
  get isHeldBack(): boolean {
    return this.#controller.paused
  }

  /** Sends what follows the opening to `sink`, from now on. */
  pour(sink: FlowSink): void {
    this.#sink = sink
    for (const chunk of this.#early) sink.write(chunk)
    this.#early = []
    if (this.#error !== null) sink.fail(this.#error)
    else if (this.#isOver) sink.end()
    else this.#controller.resume()
  }

  /** There is room again. */
  resume(): void {
    if (!this.#isOver) this.#controller.resume()
  }

  /** From here on for the attempt that made it. */
  take(chunk: Buffer): void {
    if (this.#heldNewline) {
      this.#heldNewline = false
      this.#write(oneNewline)
    }
    // Some nodes end an answer with a newline, which is not the result's and not Geth's.
    this.#heldNewline = chunk.at(-1) === newline
    const kept = this.#heldNewline ? chunk.subarray(0, -1) : chunk
    if (kept.length > 0) this.#write(kept)
  }

  /** False, and not over, where the last byte ends no answer. */
  finish(): boolean {
    if (this.#last !== closeObject) return false
    // Where bytes were promised, they are sent; JSON lets it follow.
    if (this.#heldNewline && this.restBytes !== null) this.#write(oneNewline)
    this.#isOver = true
    this.#sink?.end()
    this.#ended.resolve()
    return true
  }

  fail(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#error = error
    this.#sink?.fail(error)
    this.#ended.reject(error)
  }

  #write(chunk: Buffer): void {
    this.#last = chunk.at(-1) ?? this.#last
    if (this.#sink === null) this.#early.push(chunk)
    else if (!this.#sink.write(chunk)) this.#controller.pause()
  }
}

/**
 * The whole body after all: for an answer that is large and in a form that only its end explains.
 * @throws Error when it ended too early
 */
export async function collected(flow: Flow): Promise<Buffer> {
  const parts = [flow.opening]
  flow.pour({
    write: (chunk) => parts.push(chunk) > 0,
    end() {},
    fail() {},
  })
  await flow.ended
  return Buffer.concat(parts)
}
