import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { isBearer, isForeign, isLoopback, isRebound } from './guard.ts'

test('loopback is 127.0.0.0/8, ::1 and localhost, and nothing that looks like them', (t: TestContext) => {
  for (const addr of ['127.0.0.1', '127.8.9.10', '::1', 'localhost']) t.assert.ok(isLoopback(addr))
  for (const addr of ['', '0.0.0.0', '::', '10.0.0.1', '127.evil.example', 'localhost.evil']) {
    t.assert.ok(!isLoopback(addr), addr)
  }
})

test('a Host that can be rebound is one that is neither localhost nor an IP', (t: TestContext) => {
  const fixed = [
    'localhost',
    'LOCALHOST:1',
    '127.0.0.1:8550',
    '10.1.2.3',
    '[::1]:8550',
    '[fe80::1]',
  ]
  for (const host of fixed) t.assert.ok(!isRebound(asked({ host })), host)
  const rebindable = [
    'evil.example',
    'localhost.evil.example:8550',
    '127.0.0.1.nip.io',
    '',
    '[evil]',
  ]
  for (const host of rebindable) t.assert.ok(isRebound(asked({ host })), host)
  t.assert.ok(!isRebound(asked({})))
})

test('a request is foreign when a browser says so or its Origin is not the Host', (t: TestContext) => {
  const host = 'localhost:8550'
  const own = [
    {},
    { origin: 'http://localhost:8550' },
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
  ]
  for (const headers of own) t.assert.ok(!isForeign(asked({ host, ...headers })))
  const foreign = [
    { origin: 'http://localhost:3000' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  for (const headers of foreign) t.assert.ok(isForeign(asked({ host, ...headers })))
})

test('only the whole token in the Bearer scheme is the token', (t: TestContext) => {
  const accepted = ['Bearer s3cret', 'bearer s3cret']
  for (const authorization of accepted) t.assert.ok(isBearer(asked({ authorization }), 's3cret'))
  const refused = ['Bearer s3cre', 'Bearer s3cret2', 'Basic s3cret', 's3cret', 'Bearer', '']
  for (const authorization of refused) t.assert.ok(!isBearer(asked({ authorization }), 's3cret'))
  t.assert.ok(!isBearer(asked({}), 's3cret'))
})

function asked(headers: Record<string, string>): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  Object.assign(request.headers, headers)
  return request
}
