import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'

const bins = {
  agent: new URL('../../agents/bin.ts', import.meta.url).pathname,
  proxy: new URL('../../proxy/bin.ts', import.meta.url).pathname,
}

/** Far more than anything here takes on a busy machine. */
const patience = { timeout: 60_000, interval: 100 }

/** One of the programs with these arguments, killed with the test. */
function started(t: TestContext, program: keyof typeof bins, args: readonly string[]) {
  const said: string[] = []
  const child: ChildProcess = spawn(process.execPath, [bins[program], ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(child, 'close')
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) createInterface(stream).on('line', (line) => said.push(line))
  }
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  /** The first group of the first line that is as wanted. */
  const line = async (wanted: RegExp): Promise<string> => {
    const found = () => said.map((each) => wanted.exec(each)).find((match) => match !== null)
    await t.waitFor(() => t.assert.ok(found() !== undefined, said.join('\n')), patience)
    return found()?.[1] ?? ''
  }
  return { child, said, line, ended }
}

/** A proxy of one node that does not answer: its state is known by its agent alone. */
async function runningProxy(t: TestContext, args: readonly string[]) {
  const ports = ['--http.port', '0', '--admin.port', '0']
  const proxy = started(t, 'proxy', ['--node', 'a=http://127.0.0.1:9', ...ports, ...args])
  const adminUrl = await proxy.line(/^equipoise admin on (\S+)$/)
  const node = async (): Promise<Node> => {
    const response = await fetch(`${adminUrl}/api/fleet`)
    const { nodes } = (await response.json()) as { readonly nodes: readonly Node[] }
    const [first] = nodes
    if (first === undefined) throw new Error('no node')
    return first
  }
  const until = async (isWanted: (node: Node) => boolean): Promise<void> => {
    await t.waitFor(async () => t.assert.ok(isWanted(await node())), patience)
  }
  return { ...proxy, adminUrl, node, until }
}

type Node = {
  readonly reported: { readonly memory?: number } | null
  readonly rung: string | null
  readonly capacity: { readonly cpus?: number } | null
  readonly reportAgeMs: number | null
}

/** Whether reports say how it is, be it with a quota or without. */
function isKnown(rung: string | null): boolean {
  return rung === 'shared' || rung === 'quota' || rung === 'quota-guessed'
}

const watched = ['--pid', `a=${process.pid}`, '--port', '0', '--interval', '100', '--host', 'far']

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'equipoise-far-'))
  t.after(() => rmSync(made, { recursive: true }))
  return made
}

test('an agent that cannot be reached pushes; silent, it fades; begun anew, it is heard again', async (t: TestContext) => {
  const token = join(folder(t), 'token')
  writeFileSync(token, 'secret\n')
  const proxy = await runningProxy(t, ['--agent-token-file', token])
  const pushing = [...watched, '--push', proxy.adminUrl, '--push.token-file', token]
  const first = started(t, 'agent', pushing)
  await proxy.until(({ reported, rung }) => (reported?.memory ?? 0) > 0 && isKnown(rung))
  t.assert.ok(((await proxy.node()).capacity?.cpus ?? 0) > 0)
  first.child.kill('SIGKILL')
  await first.ended
  await proxy.until(({ rung }) => rung === 'weighted')
  const metrics = async () => await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  await t.waitFor(
    async () => t.assert.match(await metrics(), /^equipoise_agent_up\{host="far"\} 0$/m),
    patience,
  )
  started(t, 'agent', pushing)
  await proxy.until(({ rung }) => isKnown(rung))
  t.assert.match(await metrics(), /^equipoise_agent_up\{host="far"\} 1$/m)
  t.assert.match(await metrics(), /^equipoise_pushes_refused_total\{reason="replayed"\} 0$/m)
})

test('an agent with a wrong token is told so once, and taken when its file is put right', async (t: TestContext) => {
  const [ours, theirs] = [join(folder(t), 'token'), join(folder(t), 'token')]
  writeFileSync(ours, 'secret\n')
  writeFileSync(theirs, 'wrong\n')
  const proxy = await runningProxy(t, ['--agent-token-file', ours])
  const args = [...watched, '--push', proxy.adminUrl, '--push.token-file', theirs]
  const agent = started(t, 'agent', args)
  await agent.line(/^push to \S+: HTTP 401: a bearer token is needed$/)
  t.assert.equal((await proxy.node()).reported, null)
  writeFileSync(theirs, 'secret\n')
  await agent.line(/^push to \S+: reports are taken$/)
  await proxy.until(({ reported }) => reported !== null)
  t.assert.equal(agent.said.filter((line) => line.includes('HTTP 401')).length, 1)
})

test('agent and proxy know each other by certificates, and no others', async (t: TestContext) => {
  const [own, foreign] = [authority(folder(t), 'own'), authority(folder(t), 'foreign')]
  const [agents, ours, theirs] = [own.sign('agent'), own.sign('proxy'), foreign.sign('other')]
  const agent = started(t, 'agent', [...watched, ...flags('--tls', { ...agents, ca: own.ca })])
  const url = await agent.line(/^equipoise-agent listening on (https:\S+)$/)
  const reading = (files: Files) =>
    runningProxy(t, ['--agent', `a=${url}`, ...flags('--agent-tls', files)])
  const friend = await reading({ ...ours, ca: own.ca })
  await friend.until(({ reported }) => reported !== null)
  const stranger = await reading({ ...theirs, ca: own.ca })
  t.assert.match(await stranger.line(/"problem":"(.+)","msg":"agent not read"/), /./)
  t.assert.equal((await stranger.node()).reported, null)
  stranger.child.kill('SIGKILL')
  const deceived = await reading({ ...ours, ca: foreign.ca })
  const problem = await deceived.line(/"problem":"(.+)","msg":"agent not read"/)
  t.assert.match(problem, /certificate/)
  t.assert.equal((await deceived.node()).reported, null)
})

type Files = { readonly cert: string; readonly key: string; readonly ca?: string }

function flags(prefix: string, files: Files): string[] {
  return Object.entries(files).flatMap(([name, file]) => [`${prefix}.${name}`, file])
}

/** Makes an authority, and certificates for 127.0.0.1 that it signs. */
function authority(within: string, name: string) {
  const make = (subject: string, more: readonly string[]): Files => {
    const [cert, key] = [join(within, `${subject}.pem`), join(within, `${subject}.key`)]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
    const files = ['-keyout', key, '-out', cert, '-days', '2', '-subj', `/CN=${subject}`]
    execFileSync('openssl', ['req', '-x509', ...curve, ...files, ...more], { stdio: 'pipe' })
    return { cert, key }
  }
  const { cert, key } = make(name, [])
  const signed = ['-CA', cert, '-CAkey', key, '-addext', 'subjectAltName=IP:127.0.0.1']
  return { ca: cert, sign: (subject: string) => make(subject, signed) }
}
