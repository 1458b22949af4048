import { type TestContext, test } from 'node:test'
import { runningAdmin } from './test/running-admin.ts'
import { sampleContracts } from './test/sample-contracts.ts'

test('the contracts come as they are, all or one of them', async (t: TestContext) => {
  const { url } = await runningAdmin(t, { contracts: sampleContracts })
  const all = await (await fetch(`${url}/api/contracts`)).json()
  t.assert.deepEqual(all, { contracts: sampleContracts.rows() })
  const [first] = sampleContracts.rows()
  const asked = first?.contract.toUpperCase().replace('0X', '0x')
  const one = await (await fetch(`${url}/api/contracts?contract=${asked}`)).json()
  t.assert.deepEqual(one, { contracts: [first] })
})

test('as CSV, each function is a line with as many cells as the first', async (t: TestContext) => {
  const { url } = await runningAdmin(t, { contracts: sampleContracts })
  const answer = await fetch(`${url}/api/contracts?format=csv`)
  t.assert.match(answer.headers.get('content-disposition') ?? '', /contracts\.csv/)
  const [names = '', ...lines] = (await answer.text()).trim().split('\r\n')
  t.assert.match(names, /^contract,name,selector,signature,calls,/)
  t.assert.equal(lines.length, sampleContracts.rows().flatMap(({ functions }) => functions).length)
  t.assert.match(
    lines[0] ?? '',
    /^0xab.*,Marbles,0x9c1f67ce,"create\(string,string,uint256\)",420,/,
  )
  for (const line of lines) {
    t.assert.equal(line.replace(/"[^"]*"/g, '').split(',').length, names.split(',').length, line)
  }
})

test('what is asked wrongly is refused with a reason', async (t: TestContext) => {
  const { url } = await runningAdmin(t, { contracts: sampleContracts })
  for (const [query, reason] of [
    ['contract=marbles', /contract: want 0x and 40 hex digits/],
    ['format=xml', /format: /],
    ['page=2', /page/],
  ] as const) {
    const refused = await fetch(`${url}/api/contracts?${query}`)
    t.assert.equal(refused.status, 400)
    t.assert.match(await refused.text(), reason)
  }
})
