import { type TestContext, test } from 'node:test'
import { Paths } from './paths.ts'

const paths = new Paths(['/graphql', '/a/b'])

test('a path is in with all that is below it, and not with what only begins like it', (t: TestContext) => {
  for (const path of ['/graphql', '/graphql/', '/graphql/ui/x.css', '/a/b/c']) {
    t.assert.equal(paths.include(path), true, path)
  }
  for (const path of ['/', '', '/graphqlx', '/graph', '/a', '/a/bc', 'graphql', '/GRAPHQL']) {
    t.assert.equal(paths.include(path), false, path)
  }
})

test('a spelling that could lead out of what is below is not in', (t: TestContext) => {
  for (const path of [
    '..',
    '../',
    './x',
    'x/..',
    '/',
    '%2e%2E',
    'x%2fy',
    'x%5Cy',
    'x\\y',
    '..;/',
  ]) {
    t.assert.equal(paths.include(`/graphql/${path}`), false, path)
  }
  t.assert.equal(paths.include('/graphql/...'), true)
})
