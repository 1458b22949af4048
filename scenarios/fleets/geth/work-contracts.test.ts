import { type TestContext, test } from 'node:test'
import { getCreateAddress, id } from 'ethers'
import { testAccounts } from '../accounts.ts'
import { deploymentOf, workContracts } from './work-contracts.ts'

test("the addresses are those of the tenth account's first contracts", (t: TestContext) => {
  const from = testAccounts[9]?.address ?? ''
  for (const [nonce, { address }] of Object.values(workContracts).entries()) {
    t.assert.equal(getCreateAddress({ from, nonce }).toLowerCase(), address)
  }
})

test('the selectors are those of the functions they are said to be', (t: TestContext) => {
  t.assert.equal(workContracts.burner.selector, id('burn(uint256)').slice(0, 10))
  t.assert.equal(workContracts.token.selector, id('transfer(address,uint256)').slice(0, 10))
  const topic = id('Transfer(address,address,uint256)').slice(2)
  t.assert.ok(workContracts.token.code.includes(topic))
})

test('init code copies the code that follows it', (t: TestContext) => {
  t.assert.equal(deploymentOf('0xfeed'), '0x61000280600a5f395ff3feed')
})
