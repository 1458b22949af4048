import { createHmac } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { engineToken } from './jwt.ts'

test('a token is what RFC 7519 makes of the claim', (t: TestContext) => {
  const secret = Buffer.alloc(32, 7)
  const [header = '', claim = '', signature] = engineToken(secret, 1_700_000_000).split('.')
  t.assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), {
    alg: 'HS256',
    typ: 'JWT',
  })
  t.assert.deepEqual(JSON.parse(Buffer.from(claim, 'base64url').toString()), { iat: 1_700_000_000 })
  const expected = createHmac('sha256', secret).update(`${header}.${claim}`).digest('base64url')
  t.assert.equal(signature, expected)
})
