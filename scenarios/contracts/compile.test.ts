import { type TestContext, test } from 'node:test'
import { artifactOf } from './artifacts.ts'
import { compile, contractNames } from './compile.ts'

for (const name of contractNames) {
  test(`the committed ${name}.json is what its source compiles to`, (t: TestContext) => {
    const { abi, bytecode, compiler } = compile(name)
    const committed = artifactOf(name)
    t.assert.equal(committed.compiler, compiler)
    t.assert.equal(committed.bytecode, bytecode, 'run: node scenarios/contracts/compile.ts')
    t.assert.deepEqual(committed.abi, abi)
  })
}
