import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { claimPort, freePorts } from './ports.ts'

const many = 300
const module = join(import.meta.dirname, 'ports.ts')
const ask = `import { freePorts } from ${JSON.stringify(module)}
console.log(JSON.stringify(await freePorts(${many})))`

test('a port that was given out is given to no other process while its owner lives', async (t: TestContext) => {
  if (process.platform !== 'linux') return t.skip('ports are marked on Linux alone')
  const ours = await freePorts(many)
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', ask])
  const theirs = new Set<number>(JSON.parse(stdout))
  t.assert.equal(theirs.size, many)
  t.assert.deepEqual(
    ours.filter((port) => theirs.has(port)),
    [],
  )
})

test('a port that was given out can be claimed by who knows it', async (t: TestContext) => {
  const [port = 0] = await freePorts(1)
  t.assert.equal(await claimPort(port, '--http.port'), port)
})
