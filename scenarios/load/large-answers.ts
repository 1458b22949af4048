import { Worker } from 'node:worker_threads'
import type { FailureKind } from './answer.ts'

/** An answer for the judging thread, which it is handed over to. */
export type JudgeQuestion = {
  readonly number: number
  /** Of the call. */
  readonly id: number
  readonly status: number
  readonly body: ArrayBuffer
}

export type JudgeReply = {
  readonly number: number
  readonly failure: FailureKind | null
  /** The first words of a bad answer. */
  readonly detail: string | null
}

type OnJudged = (failure: FailureKind | null, detail: string | null) => void

/** Answers from this size on take longer to parse (0.3 ms) than to hand over. */
const largeBytes = 32_768

/**
 * Judges large answers in a thread of its own. To parse a thousand logs takes 5 ms, in which no call
 * could be sent: with one such answer in twenty-five, one call in a hundred would be 3 ms late. To be
 * made before its process takes a real-time class, which the thread is not to have.
 */
export class LargeAnswers {
  /** Settles when the thread failed and will judge no more. */
  readonly lost: Promise<Error>
  readonly #thread: Worker
  readonly #waiting = new Map<number, OnJudged>()
  #next = 0

  constructor() {
    this.#thread = new Worker(new URL('./judge-thread.ts', import.meta.url))
    this.#thread.on('message', ({ number, failure, detail }: JudgeReply) => {
      const onJudged = this.#waiting.get(number)
      this.#waiting.delete(number)
      onJudged?.(failure, detail)
    })
    this.lost = new Promise((resolve) => this.#thread.on('error', resolve))
  }

  /** Whether an answer of this size is to be judged here. */
  takes(sizeBytes: number): boolean {
    return sizeBytes >= largeBytes
  }

  /** @param chunks of the body, `sizeBytes` in all */
  judge(
    chunks: readonly Uint8Array[],
    sizeBytes: number,
    status: number,
    id: number,
    onJudged: OnJudged,
  ): void {
    const whole = new Uint8Array(sizeBytes)
    let at = 0
    for (const chunk of chunks) {
      whole.set(chunk, at)
      at += chunk.length
    }
    const number = this.#next
    this.#next += 1
    this.#waiting.set(number, onJudged)
    const question: JudgeQuestion = { number, id, status, body: whole.buffer }
    this.#thread.postMessage(question, [whole.buffer])
  }

  async close(): Promise<void> {
    await this.#thread.terminate()
  }
}
