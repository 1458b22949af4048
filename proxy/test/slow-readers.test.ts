import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { type LargeForm, largeNode, largeText } from './large-node.ts'
import { canReadMemory, memoryBytes } from './memory.ts'
import { fileWith, runningProxy } from './running-proxy.ts'

const clients = 50
const answerBytes = 20_000_000
const maxResidentBytes = 300_000_000

test('fifty slow readers of 20 MB each leave the proxy below 300 MB', {
  skip: canReadMemory ? false : 'no /proc to read memory from',
  timeout: 120_000,
}, async (t: TestContext) => {
  // How fast this machine is, is not in question.
  const settings = 'limits: { timeout: 10m }\nhealth: { timeout: 1m }\n'
  const flags = ['--config', await fileWith(t, settings), '--http.api', 'test']
  const proxy = await runningProxy(t, ['--node', await largeNode(t), ...flags])
  const { pid } = proxy.child
  const ids = Array.from({ length: clients }, (_, i) => `client ${i}`)
  // Nobody reads on before all have begun, so all are under way at the same time.
  const text = largeText(answerBytes)
  const readers = await Promise.all(
    ids.map((id, i) =>
      SlowReader.open(proxy.url, id, i % 2 === 0 ? 'counted' : 'chunked', wholeAnswer(id, text)),
    ),
  )
  t.assert.ok(memoryBytes(pid, 'VmRSS') < maxResidentBytes)
  while (readers.some((reader) => !reader.isDone)) {
    await Promise.all(readers.map((reader) => reader.readSome()))
  }
  for (const reader of readers) t.assert.ok(reader.isWhole)
  const peakBytes = memoryBytes(pid, 'VmHWM')
  t.diagnostic(`the proxy's memory peaked at ${Math.round(peakBytes / 1e6)} MB`)
  t.assert.ok(peakBytes < maxResidentBytes, `${peakBytes} bytes`)
})

function wholeAnswer(id: string, result: Buffer): readonly Buffer[] {
  return [Buffer.from(`{"jsonrpc":"2.0","id":"${id}","result":`), result, Buffer.from('}')]
}

/** A client that takes a chunk at a time, and only when it is told to. */
class SlowReader {
  isDone = false
  /** All that came so far is as it should be. */
  #isRight = true
  #bytes = 0
  readonly #expected: readonly Buffer[]
  readonly #chunks: AsyncIterator<Buffer>

  private constructor(response: IncomingMessage, expected: readonly Buffer[]) {
    this.#chunks = response[Symbol.asyncIterator]()
    this.#expected = expected
  }

  /** Asks for an answer and waits for its head. */
  static async open(
    url: string,
    id: string,
    form: LargeForm,
    expected: readonly Buffer[],
  ): Promise<SlowReader> {
    const asked = request(url, {
      agent: false,
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
    })
    const params = `[${answerBytes},"${form}"]`
    asked.end(`{"jsonrpc":"2.0","id":"${id}","method":"test_large","params":${params}}`)
    const [response] = await once(asked, 'response')
    return new SlowReader(response, expected)
  }

  get isWhole(): boolean {
    const expectedBytes = this.#expected.reduce((sum, { length }) => sum + length, 0)
    return this.isDone && this.#isRight && this.#bytes === expectedBytes
  }

  async readSome(): Promise<void> {
    if (this.isDone) return
    const { done, value } = await this.#chunks.next()
    if (done === true) this.isDone = true
    else this.#compare(value)
  }

  #compare(chunk: Buffer): void {
    let partStart = 0
    for (const part of this.#expected) {
      const from = Math.max(this.#bytes, partStart)
      const to = Math.min(this.#bytes + chunk.length, partStart + part.length)
      if (from < to) {
        const came = chunk.subarray(from - this.#bytes, to - this.#bytes)
        if (!came.equals(part.subarray(from - partStart, to - partStart))) this.#isRight = false
      }
      partStart += part.length
    }
    this.#bytes += chunk.length
  }
}
