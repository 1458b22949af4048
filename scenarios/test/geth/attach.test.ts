import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { gethBinary } from '../../fleets/geth/binary.ts'
import { missing } from './needs.ts'
import { type Side, SideBySide } from './side-by-side.ts'

const ways = {
  HTTP: ({ url }: Side) => url,
  WebSocket: ({ webSocketUrl }: Side) => webSocketUrl,
  IPC: ({ ipcPath }: Side) => ipcPath,
} as const

/** All in one line, for each console takes a second to start. */
const script = [
  'eth.blockNumber',
  'eth.getBlock("latest")',
  'eth.syncing',
  'net.version',
  'web3.version.node',
  'admin.nodeInfo.id',
  'txpool.status',
  'eth.getBlock(99)',
  'Object.keys(rpc.modules).filter(function (name) { return name != "engine" })',
]

suite('geth attach', { skip: missing() ?? false }, () => {
  let sides: SideBySide
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'equipoise-console-'))
    sides = await SideBySide.start()
  })
  after(async () => {
    await sides.close()
    await rm(folder, { recursive: true })
  })

  for (const [way, endpointOf] of Object.entries(ways)) {
    test(`over ${way} the console says the same`, async (t: TestContext) => {
      const [direct, proxied] = await Promise.all(
        [sides.direct, sides.proxied].map((side) => attach(endpointOf(side))),
      )
      t.assert.equal(proxied, direct)
      const [head, block, syncing] = JSON.parse(proxied ?? '')
      t.assert.deepEqual([head, block.number, syncing], [54, 54, false])
    })
  }

  async function attach(endpoint: string): Promise<string> {
    const all = `console.log(JSON.stringify([${script.join()}])); null`
    const args = ['--datadir', folder, 'attach', '--exec', all, endpoint]
    const { stdout } = await promisify(execFile)(gethBinary() ?? 'geth', args)
    return stdout.split('\n', 1).join()
  }
})
