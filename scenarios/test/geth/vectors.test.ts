import { after, before, suite, type TestContext, test } from 'node:test'
import { type Dialog, ipcDialog, webSocketDialog } from './dialog.ts'
import { missing } from './needs.ts'
import { comparable, exchange, post } from './raw-http.ts'
import { type Side, SideBySide } from './side-by-side.ts'
import { isStateful, loadVectors, type Vector } from './vectors.ts'

const skip = missing() ?? false
const vectors = skip === false ? loadVectors() : []

suite('vectors of execution-apis before one node', { skip }, () => {
  compare(vectors.filter((vector) => !isStateful(vector)))
})

suite('vectors that change the pool, before a node for each side', { skip }, () => {
  compare(vectors.filter(isStateful), true)
})

function compare(some: readonly Vector[], apart = false): void {
  let sides: SideBySide
  before(async () => {
    sides = await SideBySide.start({ apart })
  })
  after(() => sides.close())

  test('over HTTP status, headers and body are those of Geth', async (t: TestContext) => {
    for (const { name, requests } of some) {
      for (const request of requests) {
        const [direct, proxied] = await Promise.all(
          [sides.direct, sides.proxied].map(({ httpPort }) => exchange(httpPort, post(request))),
        )
        t.assert.deepEqual(proxied?.map(comparable), direct?.map(comparable), name)
      }
    }
  })

  test('over WebSocket the message is that of Geth', async (t: TestContext) => {
    await inTurn(t, ({ httpPort }) => webSocketDialog(httpPort))
  })

  test('over IPC the bytes are those of Geth', async (t: TestContext) => {
    await inTurn(t, ({ ipcPath }) => ipcDialog(ipcPath))
  })

  /** All of them on one connection, one after another. */
  async function inTurn(t: TestContext, open: (side: Side) => Promise<Dialog>): Promise<void> {
    const direct = await open(sides.direct)
    const proxied = await open(sides.proxied)
    t.after(() => direct.close())
    t.after(() => proxied.close())
    for (const { name, requests } of some) {
      for (const request of requests) {
        direct.say(request)
        proxied.say(request)
        t.assert.equal(await proxied.next(), await direct.next(), name)
      }
    }
  }
}
