import { type TestContext, test } from 'node:test'
import { parseCalls } from '../rpc/call.ts'
import { pendingAccount } from './params.ts'

const address = `0x${'Ab'.repeat(20)}`
const account = address.toLowerCase()

/** A call, and whose pending state it is about. */
const cases = [
  ['eth_getBalance', `["${address}","pending"]`, account],
  ['eth_getBalance', `[ "${address}" , "pending" ]`, account],
  ['eth_getBalance', `["${address}","latest"]`, null],
  ['eth_getBalance', `["${address}"]`, null],
  ['eth_getStorageAt', `["${address}","0x0","pending"]`, account],
  ['eth_call', `[{"to":"0x1","from":"${address}"},"pending"]`, account],
  ['eth_call', `[{"from":"${address}"},"pending",{}]`, account],
  ['eth_call', `[{"to":"${address}"},"pending"]`, null],
  ['eth_estimateGas', `[{"from":"${address}"},"latest"]`, null],
  ['eth_getBlockByNumber', '["pending",false]', null],
] as const

test('the account is found whose pending state is asked for', (t: TestContext) => {
  for (const [method, params, expected] of cases) {
    const body = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`
    const parsed = parseCalls(Buffer.from(body))
    if (parsed.kind !== 'single') throw new Error('no call')
    t.assert.equal(pendingAccount(parsed.message), expected, body)
  }
})
