import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { Backoff } from './backoff.ts'
import { type Follow, Following } from './following.ts'

test('what failed is told, and begun anew after a pause', async (t: TestContext) => {
  const { following, tries, pauses, told } = followed(t)
  const first = await tries.next()
  first.fail('one')
  const pause = await pauses.next()
  t.assert.deepEqual(told, ['one'])
  t.assert.equal(tries.count, 1)
  pause.end()
  const second = await tries.next()
  second.fail('two')
  await pauses.next()
  t.assert.deepEqual(told, ['one', 'two'])
  await following.close()
})

test('asked for, a try is given up and begun anew at once, and that is no failure', async (t: TestContext) => {
  const { following, tries, pauses, told } = followed(t)
  const first = await tries.next()
  following.again()
  await tries.next()
  t.assert.equal(first.signal.aborted, true)
  t.assert.deepEqual(told, [])
  t.assert.equal(pauses.count, 0)
  await following.close()
})

test('asked for in a pause, the pause is over', async (t: TestContext) => {
  const { following, tries, pauses } = followed(t)
  const first = await tries.next()
  first.fail('one')
  await pauses.next()
  following.again()
  const second = await tries.next()
  t.assert.equal(second.signal.aborted, false)
  await following.close()
})

test('once closed, in a try or in a pause, nothing is told or begun', async (t: TestContext) => {
  for (const isPaused of [false, true]) {
    const { following, tries, pauses, told } = followed(t)
    const first = await tries.next()
    if (isPaused) {
      first.fail('one')
      await pauses.next()
    }
    await following.close()
    t.assert.equal(tries.count, 1)
    t.assert.deepEqual(told, isPaused ? ['one'] : [])
  }
})

test('closed before it was begun, it begins nothing', async (t: TestContext) => {
  const following = new Following()
  following.again()
  await following.close()
  const follow = t.mock.fn<Follow>(() => Promise.withResolvers<never>().promise)
  following.start(follow, (error) => t.assert.fail(String(error)))
  t.assert.equal(follow.mock.callCount(), 0)
})

/** One thing after the other, as it happens. */
class Happenings<Thing> {
  readonly #waiting: Thing[] = []
  #wake: () => void = () => {}
  count = 0

  add(thing: Thing): void {
    this.count += 1
    this.#waiting.push(thing)
    this.#wake()
  }

  async next(): Promise<Thing> {
    for (;;) {
      const thing = this.#waiting.shift()
      if (thing !== undefined) return thing
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }
}

type Try = { readonly signal: AbortSignal; readonly fail: (why: string) => void }
type Pause = { readonly end: () => void }

/** Pauses for as long as the test wants. */
class OwnBackoff extends Backoff {
  readonly pauses = new Happenings<Pause>()

  override async pause(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.pauses.add({ end: resolve })
    await Promise.race([promise, once(signal, 'abort')])
  }
}

/** A following whose tries last until they fail or are given up. */
function followed(t: TestContext) {
  const backoff = new OwnBackoff()
  const tries = new Happenings<Try>()
  const told: unknown[] = []
  const following = new Following(backoff)
  const follow: Follow = (signal, given) => {
    t.assert.equal(given, backoff)
    const { promise, reject } = Promise.withResolvers<never>()
    signal.addEventListener('abort', () => reject(signal.reason))
    tries.add({ signal, fail: reject })
    return promise
  }
  following.start(follow, (error) => told.push(error))
  t.after(() => following.close())
  return { following, tries, pauses: backoff.pauses, told }
}
