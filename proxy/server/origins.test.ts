import { hostname } from 'node:os'
import { type TestContext, test } from 'node:test'
import { Origins } from './origins.ts'

// The tables are Geth's own (go-ethereum/node/rpcstack_test.go, TestWebsocketOrigins).

test('a star lets every page in', (t: TestContext) => {
  check(t, ['*'], ['http://test', 'https://test:8540', 'http://test.com', 'null', ''], [])
})

test('a bare name is one host, with any scheme and port', (t: TestContext) => {
  check(
    t,
    ['test'],
    ['http://test', 'https://test', 'http://test:8540', 'https://test:8540'],
    ['http://test.com', 'https://foo.test', 'http://testa', 'http://atestb:8540'],
  )
})

test('a scheme or a port must be the same where the rule names one', (t: TestContext) => {
  check(
    t,
    ['https://test'],
    ['https://test', 'https://test:9999'],
    ['test', 'http://test', 'http://test.foo', 'https://a.test.x', 'https://xtest:8540'],
  )
  check(
    t,
    ['https://12.34.56.78'],
    ['https://12.34.56.78', 'https://12.34.56.78:8540'],
    ['http://12.34.56.78', 'http://1.12.34.56.78', 'http://12.34.56.78.a', 'https://87.65.43.21'],
  )
  check(
    t,
    ['test:8540'],
    ['http://test:8540', 'https://test:8540'],
    ['http://test', 'https://test:8541', 'http://bad:8540'],
  )
  check(
    t,
    ['https://test:8540'],
    ['https://test:8540'],
    ['https://test', 'http://test:8540', 'https://test:8541', 'https://bad:8540'],
  )
})

test('one rule of several is enough, and case does not count', (t: TestContext) => {
  check(
    t,
    ['localhost', 'http://127.0.0.1'],
    ['localhost', 'http://localhost', 'https://LOCALHOST:8443', 'http://127.0.0.1:8080'],
    ['https://127.0.0.1', 'http://bad', 'https://bad:8540'],
  )
})

test('without a rule, pages of this machine alone come in', (t: TestContext) => {
  check(
    t,
    [],
    ['http://localhost', 'http://localhost:3000', `http://${hostname()}`],
    ['https://localhost', 'http://localhost.evil.example', 'http://127.0.0.1', 'null'],
  )
})

test('what is no page comes in by any rule', (t: TestContext) => {
  for (const rules of [[], ['https://test'], ['*']]) {
    t.assert.ok(new Origins(rules).allows(undefined))
  }
})

function check(
  t: TestContext,
  rules: readonly string[],
  allowed: readonly string[],
  refused: readonly string[],
): void {
  const origins = new Origins(rules)
  for (const origin of allowed) t.assert.ok(origins.allows(origin), origin)
  for (const origin of refused) t.assert.ok(!origins.allows(origin), origin)
}
