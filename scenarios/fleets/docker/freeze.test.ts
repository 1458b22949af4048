import { type TestContext, test } from 'node:test'
import { freezeContainer } from './freeze.ts'

const busy = 'OCI runtime pause failed: unable to freeze: unknown'

test('what runc could not freeze is frozen at the next try', async (t: TestContext) => {
  const container = failing(busy, 2)
  await freezeContainer(container)
  t.assert.equal(container.tries, 3)
})

test('what cannot be frozen at all fails with its reason', async (t: TestContext) => {
  const container = failing(busy, Number.POSITIVE_INFINITY)
  await t.assert.rejects(freezeContainer(container), /unable to freeze/)
  t.assert.equal(container.tries, 10)
})

test('another failure is told at once', async (t: TestContext) => {
  const container = failing('no such container', 1)
  await t.assert.rejects(freezeContainer(container), /no such container/)
  t.assert.equal(container.tries, 1)
})

/** A container whose first pauses fail. */
function failing(reason: string, times: number) {
  return {
    tries: 0,
    async pause() {
      this.tries += 1
      if (this.tries <= times) throw new Error(reason)
    },
  }
}
