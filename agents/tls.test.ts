import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:https'
import { type TestContext, test } from 'node:test'
import { connect, type PeerCertificate, type TLSSocket } from 'node:tls'
import { createAgent } from './agent.ts'
import { Authority } from './test/certificates.ts'
import { problemsOfTls, readTls, type TlsFiles, TlsRenewal } from './tls.ts'

/** An agent that shows a certificate and wants one, closed with the test. */
async function start(
  t: TestContext,
  tls: TlsFiles,
  log = (_: string): void => {},
): Promise<string> {
  const agent = createAgent({ nodes: [{ id: 'self', pid: process.pid }], port: 0, tls, log })
  t.after(() => agent.close())
  return (await agent.listen()).url
}

/** The status of an answer, or the code of the error that came in its place. */
async function statusOf(url: string, path: string, files: TlsFiles): Promise<number | string> {
  const { minVersion: _, ...tls } = readTls(files)
  const asked = request(`${url}${path}`, { ...tls, agent: false }).end()
  try {
    const [response] = await once(asked, 'response')
    response.resume()
    return response.statusCode
  } catch (error) {
    return String((error as { readonly code?: string }).code)
  }
}

test('an agent with a certificate and an authority is read by those that it signed', async (t: TestContext) => {
  const authority = new Authority(t)
  const { ca } = authority
  const url = await start(t, { ...authority.sign('agent'), ca })
  t.assert.match(url, /^https:\/\/127\.0\.0\.1:/)
  t.assert.equal(await statusOf(url, '/v1/state', { ...authority.sign('proxy'), ca }), 200)
})

test('who has no certificate, or one of another authority, gets no answer at all', async (t: TestContext) => {
  const authority = new Authority(t)
  const foreign = new Authority(t, 'foreign')
  const { ca } = authority
  const lines: string[] = []
  const url = await start(t, { ...authority.sign('agent'), ca }, (line) => lines.push(line))
  for (const path of ['/v1/state', '/v1/stream', '/healthz']) {
    t.assert.match(String(await statusOf(url, path, { ca })), /^E|^ERR_SSL/)
    t.assert.match(String(await statusOf(url, path, { ...foreign.sign('x'), ca })), /^E|^ERR_SSL/)
  }
  t.assert.equal(lines.filter((line) => line.startsWith('a reader was refused: ')).length > 0, true)
})

test('a reader sees when the agent is not of the authority that it trusts', async (t: TestContext) => {
  const authority = new Authority(t)
  const foreign = new Authority(t, 'foreign')
  const url = await start(t, authority.sign('agent'))
  t.assert.equal(await statusOf(url, '/healthz', { ca: authority.ca }), 200)
  const status = await statusOf(url, '/healthz', { ca: foreign.ca })
  t.assert.match(String(status), /UNABLE_TO_VERIFY|SELF_SIGNED|ISSUER/)
})

test('what does not go together is told with the flags, a line each', (t: TestContext) => {
  const authority = new Authority(t)
  const { cert, key } = authority.sign('a')
  const other = authority.sign('b')
  t.assert.deepEqual(problemsOfTls('--tls', { cert, key, ca: authority.ca }), [])
  t.assert.deepEqual(problemsOfTls('--tls', { ca: authority.ca }), [])
  t.assert.match(problemsOfTls('--tls', { cert }).join(), /^--tls\.key: needed/)
  t.assert.match(problemsOfTls('--tls', { key }).join(), /^--tls\.cert: needed/)
  t.assert.match(
    problemsOfTls('--tls', { cert, key: other.key }).join(),
    /^--tls\.cert .* does not go with/,
  )
  t.assert.match(problemsOfTls('--tls', { cert: key, key }).join(), /^--tls\.cert .* no PEM/)
  t.assert.match(problemsOfTls('--x', { cert, key, ca: key }).join(), /^--x\.ca .* no PEM/)
  const missing = problemsOfTls('--tls', {
    cert: '/nowhere/c',
    key: '/nowhere/k',
    ca: '/nowhere/a',
  })
  t.assert.deepEqual(
    missing.map((problem) => problem.replace(/ .*\(/, ' (')),
    ['--tls.cert (ENOENT)', '--tls.key (ENOENT)', '--tls.ca (ENOENT)'],
  )
})

test('a certificate that is written anew is shown from then on, a broken one is not', (t: TestContext) => {
  const authority = new Authority(t)
  const files = authority.sign('agent')
  const lines: string[] = []
  const shown: unknown[] = []
  const server = { setSecureContext: ({ cert }: { cert?: unknown }) => void shown.push(cert) }
  const renewal = new TlsRenewal(server, files, (line) => lines.push(line))
  t.after(() => renewal.close())
  renewal.look()
  t.assert.deepEqual(lines, [])
  authority.sign('agent')
  renewal.look()
  t.assert.deepEqual(shown, [readFileSync(files.cert)])
  writeFileSync(files.cert, 'broken')
  renewal.look()
  t.assert.equal(shown.length, 1)
  t.assert.match(lines.join('\n'), /^the certificates were renewed\nthe certificates stay as they/)
})

test('a running agent takes up a new certificate for those who come then', async (t: TestContext) => {
  const authority = new Authority(t)
  const files = authority.sign('first')
  const server = createServer(readTls(files)).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const renewal = new TlsRenewal(server, files, () => {})
  t.after(() => renewal.close())
  t.assert.equal(await nameShown(server.address(), authority.ca), 'first')
  const second = authority.sign('second')
  copyFileSync(second.key, files.key)
  copyFileSync(second.cert, files.cert)
  renewal.look()
  t.assert.equal(await nameShown(server.address(), authority.ca), 'second')
})

async function nameShown(address: unknown, ca: string): Promise<unknown> {
  const { port } = address as { readonly port: number }
  const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca: readFileSync(ca) })
  await once(socket, 'secureConnect')
  const { subject }: PeerCertificate = socket.getPeerCertificate()
  socket.destroy()
  return subject.CN
}
