import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { collected, Flow, type FlowSink } from './flow.ts'

test('what is poured is what came behind the opening, however it was cut', async (t: TestContext) => {
  const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 20 })
  await fc.assert(
    fc.property(pieces, fc.nat(20), (chunks, pouredAt) => {
      const controller = new Controller()
      const flow = new Flow(Buffer.from('"'), null, controller)
      const sink = new Sink()
      chunks.forEach((chunk, i) => {
        if (i === pouredAt) flow.pour(sink)
        flow.take(Buffer.from(chunk))
      })
      if (pouredAt >= chunks.length) flow.pour(sink)
      flow.take(Buffer.from('"}'))
      t.assert.ok(flow.finish())
      const whole = Buffer.concat([...chunks, Buffer.from('"}')])
      t.assert.deepEqual(sink.bytes, whole)
      t.assert.equal(sink.ending, 'end')
    }),
  )
})

test('it is held back while its sink has enough, and from the start', (t: TestContext) => {
  const controller = new Controller()
  const flow = new Flow(Buffer.from('x'), null, controller)
  t.assert.ok(flow.isHeldBack)
  const sink = new Sink()
  flow.pour(sink)
  t.assert.equal(flow.isHeldBack, false)
  sink.hasRoom = false
  flow.take(Buffer.from('a'))
  t.assert.ok(flow.isHeldBack)
  flow.resume()
  t.assert.equal(flow.isHeldBack, false)
})

test('a newline at the end is left out where bytes are not counted', (t: TestContext) => {
  t.assert.equal(poured(null, ['1', '\n', '2', '}\n']), '1\n2}')
  t.assert.equal(poured(null, ['1}', '\n']), '1}')
})

test('a newline that was promised is sent', (t: TestContext) => {
  t.assert.equal(poured(3, ['1}\n']), '1}\n')
  t.assert.equal(poured(3, ['1}', '\n']), '1}\n')
})

test('without a brace at its end an answer is not whole', (t: TestContext) => {
  const flow = new Flow(Buffer.from('x'), null, new Controller())
  flow.pour(new Sink())
  flow.take(Buffer.from('[1,2'))
  t.assert.equal(flow.finish(), false)
})

test('a failure reaches the sink, also one that comes later', async (t: TestContext) => {
  const early = new Flow(Buffer.from('x'), null, new Controller())
  early.fail(new Error('the node died'))
  const sink = new Sink()
  early.pour(sink)
  t.assert.equal(sink.ending, 'fail')
  await t.assert.rejects(early.ended, /the node died/)

  const late = new Flow(Buffer.from('x'), null, new Controller())
  const other = new Sink()
  late.pour(other)
  late.fail(new Error('the node died'))
  t.assert.equal(other.ending, 'fail')
})

test('nothing is resumed once it is over', (t: TestContext) => {
  const controller = new Controller()
  const flow = new Flow(Buffer.from('x'), null, controller)
  flow.take(Buffer.from('}'))
  flow.finish()
  flow.pour(new Sink())
  flow.resume()
  t.assert.ok(controller.paused)
})

test('it can be collected after all', async (t: TestContext) => {
  const flow = new Flow(Buffer.from('{"a"'), null, new Controller())
  flow.take(Buffer.from(':1'))
  const whole = collected(flow)
  flow.take(Buffer.from('}\n'))
  flow.finish()
  t.assert.equal(String(await whole), '{"a":1}')
})

test('one that is cut short cannot be collected', async (t: TestContext) => {
  const flow = new Flow(Buffer.from('{"a"'), null, new Controller())
  const whole = collected(flow)
  flow.fail(new Error('the node died'))
  await t.assert.rejects(whole, /the node died/)
})

function poured(restBytes: number | null, chunks: readonly string[]): string {
  const flow = new Flow(Buffer.from('x'), restBytes, new Controller())
  const sink = new Sink()
  flow.pour(sink)
  for (const chunk of chunks) flow.take(Buffer.from(chunk))
  flow.finish()
  return String(sink.bytes)
}

class Sink implements FlowSink {
  hasRoom = true
  ending: 'end' | 'fail' | null = null
  readonly #chunks: Buffer[] = []

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }

  write(chunk: Buffer): boolean {
    this.#chunks.push(chunk)
    return this.hasRoom
  }

  end(): void {
    this.ending = 'end'
  }

  fail(): void {
    this.ending = 'fail'
  }
}

/** As undici's: it says when to go on, and nothing else. */
class Controller {
  paused = false
  aborted = false
  reason = null

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  abort(): void {
    this.aborted = true
  }
}
