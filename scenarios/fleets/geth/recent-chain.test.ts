import { type TestContext, test } from 'node:test'
import type { Payload } from './engine.ts'
import { deepestReorg, RecentChain } from './recent-chain.ts'

const notSet = `0x${'00'.repeat(32)}`

test('a block that does not stand upon the chain is refused', (t: TestContext) => {
  const chain = chainTo(3)
  t.assert.throws(() => chain.extend([block(5, '4', '5')]), RangeError)
  t.assert.throws(() => chain.extend([block(4, 'other', '4')]), RangeError)
})

test('a reorganisation takes back what was above, and forgets none of the blocks', (t: TestContext) => {
  const chain = chainTo(6)
  chain.extend([block(5, '4', '5b'), block(6, '5b', '6b'), block(7, '6b', '7b')])
  t.assert.deepEqual(
    [4, 5, 6, 7, 8].map((number) => chain.at(number)?.hash),
    ['4', '5b', '6b', '7b', undefined],
  )
  t.assert.equal(chain.payload('6')?.parentHash, '5')
  chain.extend([block(5, '4', '5c')])
  t.assert.equal(chain.at(6), undefined, 'a shorter branch leaves nothing above itself')
})

test('safe and finalized follow the head, and never lie above it', (t: TestContext) => {
  const chain = chainTo(100)
  const { headBlockHash, safeBlockHash, finalizedBlockHash } = chain.forkchoice(chain.head)
  t.assert.deepEqual([headBlockHash, safeBlockHash, finalizedBlockHash], ['100', '84', '68'])
  const ancestor = chain.at(100 - deepestReorg)
  t.assert.ok(ancestor !== undefined)
  t.assert.deepEqual(chain.forkchoice(ancestor), {
    headBlockHash: '69',
    safeBlockHash: '69',
    finalizedBlockHash: '68',
  })
})

test('on a young chain safe and finalized are its first block', (t: TestContext) => {
  const chain = chainTo(3)
  t.assert.equal(chain.forkchoice(chain.head).safeBlockHash, '0')
  t.assert.notEqual(chain.forkchoice(chain.head).finalizedBlockHash, notSet)
})

test('only the newest blocks are kept', (t: TestContext) => {
  const chain = chainTo(2_000)
  t.assert.equal(chain.payload('1000'), undefined)
  t.assert.equal(chain.at(1_000), undefined)
  t.assert.notEqual(chain.payload('1900'), undefined)
  t.assert.equal(chain.forkchoice(chain.head).finalizedBlockHash, '1968')
})

function chainTo(height: number): RecentChain {
  const chain = new RecentChain([block(0, '', '0')])
  for (let number = 1; number <= height; number += 1) {
    chain.extend([block(number, String(number - 1), String(number))])
  }
  return chain
}

function block(number: number, parentHash: string, hash: string): Payload {
  return { number, hash, parentHash, timestampS: number, delivery: [null, [], '', null] }
}
