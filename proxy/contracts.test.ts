import { type TestContext, test } from 'node:test'
import { Contracts, namedContracts } from './contracts.ts'
import { ContractStats } from './stats/contract-stats.ts'

const [busy, quiet] = [`0x${'ab'.repeat(20)}`, `0x${'cd'.repeat(20)}`]
const names = {
  signatureOf: (selector: string) => (selector === '0xa9059cbb' ? 'transfer(address)' : null),
  contractOf: (address: string) => (address === busy ? 'Token' : null),
}

test('a contract is the sum of its functions, and the one with most calls comes first', (t: TestContext) => {
  const { stats, contracts } = counted()
  stats.record(`${quiet}a9059cbb`, false, false, 3, 1_000)
  stats.record(`${busy}a9059cbb`, true, false, 10, 1_500)
  stats.mined(`${busy}a9059cbb`, 50_000, false)
  stats.record(`${busy}01020304`, false, true, 1, 2_000, 2)
  const rows = contracts.rows()
  t.assert.deepEqual(rows[0], {
    contract: busy,
    name: 'Token',
    calls: 3,
    transactions: 1,
    errors: 2,
    reverted: 0,
    gasUsed: 50_000,
    gasKnown: 1,
    responseMs: { min: 1, mean: 4, max: 10 },
    lastAt: '1970-01-01T00:01:40.000Z',
    functions: [
      {
        selector: '0x01020304',
        signature: null,
        calls: 2,
        transactions: 0,
        errors: 2,
        reverted: 0,
        gasUsed: 0,
        gasKnown: 0,
        responseMs: { min: 1, mean: 1, max: 1 },
        lastAt: '1970-01-01T00:01:40.000Z',
      },
      {
        selector: '0xa9059cbb',
        signature: 'transfer(address)',
        calls: 1,
        transactions: 1,
        errors: 0,
        reverted: 0,
        gasUsed: 50_000,
        gasKnown: 1,
        responseMs: { min: 10, mean: 10, max: 10 },
        lastAt: '1970-01-01T00:01:39.500Z',
      },
    ],
  })
  t.assert.deepEqual(
    rows.map(({ contract }) => contract),
    [busy, quiet],
  )
})

test('what had to give way is one last row', (t: TestContext) => {
  const { stats, contracts } = counted(1)
  stats.record(`${quiet}a9059cbb`, false, false, 3, 1_000)
  stats.record(`${busy}a9059cbb`, false, false, 10, 1_500)
  t.assert.deepEqual(
    contracts.rows().map(({ contract, calls }) => [contract, calls]),
    [
      [busy, 1],
      ['other', 1],
    ],
  )
})

test('without ABIs a function is called by its selector', (t: TestContext) => {
  const contracts = namedContracts(new ContractStats(), { nowMs: () => 0 }, undefined)
  t.assert.equal(contracts.label('0xa9059cbb'), '0xa9059cbb')
  const folder = `${import.meta.dirname}/../scenarios/contracts`
  const named = namedContracts(new ContractStats(), { nowMs: () => 0 }, folder)
  t.assert.equal(named.label('0x379607f5'), 'claim(uint256)')
})

/** Counts of which the last moment, 2,000 on the proxy's clock, is 100 s after 1970 began. */
function counted(limit?: number) {
  const stats = new ContractStats(limit)
  return { stats, contracts: new Contracts(stats, { nowMs: () => 2_000 }, names, () => 100_000) }
}
