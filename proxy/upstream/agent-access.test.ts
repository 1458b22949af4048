import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { AgentAccess, type AgentFiles, CredentialsError } from './agent-access.ts'

/** A folder with the files that are named, removed with the test. */
function folderOf(t: TestContext, files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-access-'))
  t.after(() => rmSync(folder, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

/** A certificate that signed itself, and its key. */
function certificate(folder: string, name: string) {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const files = ['-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${name}`]
  execFileSync('openssl', ['req', '-x509', ...curve, ...files], { stdio: 'pipe' })
  return { cert, key }
}

test('without files nothing is shown', (t: TestContext) => {
  t.assert.deepEqual(new AgentAccess().credentials(), { token: null, tls: {} })
  t.assert.equal(new AgentAccess().token(), null)
})

test('files are read each time', (t: TestContext) => {
  const folder = folderOf(t, { token: ' one\n' })
  const access = new AgentAccess({ tokenFile: join(folder, 'token') })
  t.assert.equal(access.token(), 'one')
  writeFileSync(join(folder, 'token'), 'two')
  t.assert.deepEqual([access.token(), access.credentials().token], ['two', 'two'])
})

test('what goes together is taken, and shown as it is in the files', (t: TestContext) => {
  const folder = folderOf(t)
  const { cert, key } = certificate(folder, 'a')
  const { tls } = new AgentAccess({ ca: cert, cert, key }).credentials()
  t.assert.deepEqual(Object.keys(tls), ['ca', 'cert', 'key'])
  t.assert.match(String(tls.cert), /^-----BEGIN CERTIFICATE-----/)
})

test('a file that is of no use is told by its key', (t: TestContext) => {
  const folder = folderOf(t, { empty: '\n', text: 'no certificate' })
  const [a, b] = [certificate(folder, 'a'), certificate(folder, 'b')]
  const [empty, text] = [join(folder, 'empty'), join(folder, 'text')]
  const cases: readonly (readonly [AgentFiles, keyof AgentFiles, RegExp])[] = [
    [{ tokenFile: '/nowhere' }, 'tokenFile', /ENOENT/],
    [{ tokenFile: empty }, 'tokenFile', /is empty/],
    [{ ca: text }, 'ca', /is of no use/],
    [{ ca: a.key }, 'ca', /is of no use/],
    [{ cert: a.cert }, 'key', /needed/],
    [{ key: a.key }, 'cert', /needed/],
    [{ cert: text, key: a.key }, 'cert', /is of no use/],
    [{ cert: a.cert, key: b.key }, 'cert', /is of no use/],
    [{ cert: a.cert, key: empty }, 'key', /is empty/],
  ]
  for (const [files, key, why] of cases) {
    t.assert.throws(
      () => new AgentAccess(files).credentials(),
      (error) => error instanceof CredentialsError && error.key === key && why.test(error.message),
      JSON.stringify(files),
    )
  }
})
