import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { AgentCheck, checkLine } from './haproxy.ts'
import type { NodeReport } from './report.ts'

function node(id: string, but: Partial<NodeReport> = {}): NodeReport {
  return { id, name: id, x: {}, cap: {}, raw: {}, src: 'proc', age: 0, ...but }
}

const busy = node('a', { x: { cpu_pressure: 0.4 } })
const idle = node('0123abcd', { name: 'b', x: { cpu_pressure: 0 } })

async function checking(t: TestContext, nodes: readonly NodeReport[], tokenFile?: string) {
  const lines: string[] = []
  const checks = new AgentCheck({
    addr: '127.0.0.1',
    port: 0,
    ...(tokenFile !== undefined && { tokenFile }),
    nodes: () => nodes,
    log: (line) => lines.push(line),
  })
  t.after(() => checks.close())
  const { address } = await checks.listen()
  const dial = (): Socket => connect(Number(address.split(':')[1]), '127.0.0.1').setEncoding('utf8')
  return { checks, dial, lines }
}

/** What comes back until the connection ends. */
async function answerTo(socket: Socket, said = ''): Promise<string> {
  if (said !== '') socket.write(said)
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  await once(socket, 'end')
  socket.destroy()
  return text
}

test('the weight is what is left of the node, and never nothing', (t: TestContext) => {
  t.assert.equal(checkLine(busy), 'up ready 60%')
  t.assert.equal(checkLine(idle), 'up ready 100%')
  t.assert.equal(checkLine(node('a', { x: { cpu_pressure: 1 } })), 'up ready 1%')
  t.assert.equal(checkLine(node('a', { x: { memory: 0.9 } })), 'up ready 50%')
})

test('a node that has ended is down, one that cannot be read keeps its weight', (t: TestContext) => {
  t.assert.equal(checkLine(node('a', { gone: true })), 'down #its process has ended')
  t.assert.equal(checkLine(node('a')), 'up ready')
})

test('an agent of one node answers without being asked, and also when it is', async (t: TestContext) => {
  const { dial, checks } = await checking(t, [busy])
  t.assert.equal(await answerTo(dial()), 'up ready 60%\n')
  t.assert.equal(await answerTo(dial(), 'a\n'), 'up ready 60%\n')
  t.assert.equal(checks.answered, 2)
})

test('of several nodes one is named, by id or by name, with or without the end of the line', async (t: TestContext) => {
  const { dial } = await checking(t, [busy, idle])
  t.assert.equal(await answerTo(dial(), 'a\n'), 'up ready 60%\n')
  t.assert.equal(await answerTo(dial(), ' b \r\n'), 'up ready 100%\n')
  const socket = dial()
  socket.end('0123abcd')
  t.assert.equal(await answerTo(socket), 'up ready 100%\n')
})

test('who names no node, or none that there is, is told so in no word of the protocol', async (t: TestContext) => {
  const { dial, checks } = await checking(t, [busy, idle])
  t.assert.equal(await answerTo(dial(), '\n'), 'error #name a node with agent-send\n')
  t.assert.equal(await answerTo(dial(), 'c\n'), 'error #no such node\n')
  t.assert.equal(await answerTo(dial(), 'constructor\n'), 'error #no such node\n')
  t.assert.equal(checks.answered, 0)
})

test('where there is a token, nobody without it is told anything', async (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-token-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, 'secret\n')
  const { dial, lines } = await checking(t, [busy], tokenFile)
  for (const said of ['\n', 'a\n', 'wrong\n', 'wrong a\n', 'secre a\n']) {
    const socket = dial()
    socket.on('error', () => {})
    socket.write(said)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    await once(socket, 'close')
    t.assert.equal(text, '', said)
  }
  t.assert.equal(await answerTo(dial(), 'secret\n'), 'up ready 60%\n')
  writeFileSync(tokenFile, 'other\n')
  t.assert.equal(await answerTo(dial(), 'other a\n'), 'up ready 60%\n')
  t.assert.deepEqual(lines, [])
})

test('whatever is said, the answer is one line or none, and the next one is served', async (t: TestContext) => {
  const { dial } = await checking(t, [busy, idle])
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 3_000 }), async (said) => {
      const socket = dial()
      socket.on('error', () => {})
      let text = ''
      socket.on('data', (chunk) => {
        text += chunk
      })
      socket.end(said)
      await once(socket, 'close')
      t.assert.match(text, /^([^\n]+\n)?$/)
    }),
    { numRuns: 50, seed: 5 },
  )
  t.assert.equal(await answerTo(dial(), 'a\n'), 'up ready 60%\n')
})

test('closing cuts those off who have not asked yet', async (t: TestContext) => {
  const { dial, checks } = await checking(t, [busy, idle])
  const socket = dial()
  await once(socket, 'connect')
  const gone = once(socket, 'close')
  socket.on('error', () => {})
  await checks.close()
  await gone
})
