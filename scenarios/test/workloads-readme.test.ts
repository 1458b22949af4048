import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { arrivalShapes } from '../load/arrivals.ts'
import { workloads } from '../workloads/catalogue.ts'

const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')

test("README's table of workloads names those there are, with their arrivals", (t: TestContext) => {
  const section = readme.split('### Workloads\n')[1]?.split(/^#/m)[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| `'))
  t.assert.deepEqual(
    rows
      .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '').toLowerCase()))
      .map(([, name, , arrivals]) => [name, arrivals]),
    [...workloads.values()].map(({ name, arrivals = arrivalShapes.poisson }) => [
      name,
      arrivals.kind,
    ]),
  )
})
