import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isLoopback, parseReach, problemsOfReach, type ReachFlags, tokenInClear } from './reach.ts'
import { Authority } from './test/certificates.ts'

/** All that is wrong with the flags on an address. */
function problemsOf(flags: ReachFlags, addr = '127.0.0.1'): readonly string[] {
  const problems: string[] = []
  const reach = parseReach(flags, problems)
  return [...problems, ...problemsOfReach({ addr, ...reach })]
}

function tokenFile(t: TestContext, text = 'secret\n'): string {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-token-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'token')
  writeFileSync(file, text)
  return file
}

test('only what this machine alone reaches is loopback', (t: TestContext) => {
  for (const addr of ['127.0.0.1', '127.8.9.1', '::1', 'localhost']) t.assert.ok(isLoopback(addr))
  for (const addr of ['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example', 'host', '']) {
    t.assert.ok(!isLoopback(addr), addr)
  }
})

test('beyond loopback readers show a token, or a certificate of the authority', (t: TestContext) => {
  const authority = new Authority(t)
  const { cert, key } = authority.sign('agent')
  const withTls = { 'tls.cert': cert, 'tls.key': key }
  t.assert.match(
    problemsOf({}, '0.0.0.0').join(),
    /^--addr 0\.0\.0\.0: .*--token-file, or --tls\.cert/,
  )
  t.assert.match(problemsOf(withTls, '0.0.0.0').join(), /^--addr 0\.0\.0\.0: /)
  t.assert.deepEqual(problemsOf({ ...withTls, 'tls.ca': authority.ca }, '0.0.0.0'), [])
  t.assert.deepEqual(problemsOf({ tokenFile: tokenFile(t) }, '0.0.0.0'), [])
  t.assert.deepEqual(problemsOf(withTls), [])
})

test('an authority alone is no way to be known by', (t: TestContext) => {
  const { ca } = new Authority(t)
  t.assert.match(
    problemsOf({ 'tls.ca': ca }).join(),
    /^--tls\.ca: needs --tls\.cert and --tls\.key/,
  )
})

test('HAProxy shows a token beyond loopback, because it knows no TLS there', (t: TestContext) => {
  const authority = new Authority(t)
  const { cert, key } = authority.sign('agent')
  const flags = { 'tls.cert': cert, 'tls.key': key, 'tls.ca': authority.ca, haproxyPort: '0' }
  t.assert.match(problemsOf(flags, '0.0.0.0').join(), /^--haproxy-port 0: .*--token-file/)
  t.assert.deepEqual(problemsOf({ ...flags, tokenFile: tokenFile(t) }, '0.0.0.0'), [])
  t.assert.deepEqual(problemsOf(flags), [])
  for (const haproxyPort of ['65536', '-1', 'x', '']) {
    t.assert.match(problemsOf({ haproxyPort }).join(), /^--haproxy-port .*: want a whole number/)
  }
})

test('what belongs to pushing means nothing without it', (t: TestContext) => {
  const { ca } = new Authority(t)
  const token = tokenFile(t)
  t.assert.match(
    problemsOf({ 'push.tokenFile': token }).join(),
    /^--push\.token-file: means nothing/,
  )
  t.assert.match(problemsOf({ 'push.tls.ca': ca }).join(), /^--push\.tls: means nothing/)
  const push = ['http://127.0.0.1:8550']
  t.assert.deepEqual(problemsOf({ push, 'push.tokenFile': token }), [])
  t.assert.deepEqual(problemsOf({ push: ['https://a.example'], 'push.tls.ca': ca }), [])
  t.assert.match(problemsOf({ push, 'push.tls.ca': ca }).join(), /is not https/)
  t.assert.match(
    problemsOf({ push, 'push.tokenFile': '/nowhere' }).join(),
    /^--push\.token-file \/nowhere: cannot/,
  )
  t.assert.match(problemsOf({ push, 'push.tokenFile': tokenFile(t, ' ') }).join(), /is empty/)
  for (const wrong of ['', 'a', 'ftp://a', 'http://me:secret@a']) {
    t.assert.match(problemsOf({ push: [wrong] }).join(), /want the address of a proxy's admin port/)
  }
})

test('one agent pushes to several proxies, to each once', (t: TestContext) => {
  const push = ['http://127.0.0.1:8550', 'http://127.0.0.1:8551/']
  t.assert.deepEqual(
    parseReach({ push }, []).push?.urls.map(({ href }) => href),
    ['http://127.0.0.1:8550/', 'http://127.0.0.1:8551/'],
  )
  t.assert.deepEqual(problemsOf({ push: [...push, 'http://127.0.0.1:8550/'] }), [
    '--push http://127.0.0.1:8550/: given more than once',
  ])
  const many = Array.from({ length: 17 }, (_, i) => `http://127.0.0.1:${9_000 + i}`)
  t.assert.deepEqual(problemsOf({ push: many }), ['--push: at most 16 proxies'])
})

test('a token that others could read on its way is told', (t: TestContext) => {
  const urls = ['http://10.0.0.1:8550', 'https://10.0.0.1', 'http://127.0.0.1:1', 'http://[::1]:1']
  const push = { urls: urls.map((url) => new URL(url)) }
  t.assert.deepEqual(tokenInClear({ ...push, tokenFile: 'token' }), [new URL(urls[0] ?? '')])
  t.assert.deepEqual(tokenInClear(push), [])
})
