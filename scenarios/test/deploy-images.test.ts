import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type TestContext, test } from 'node:test'

const docker = join(import.meta.dirname, '../../docker')
const images = ['proxy', 'agent', 'scenarios'] as const

for (const name of images) {
  const file = readFileSync(join(docker, `${name}.Dockerfile`), 'utf8')
  const last = file.split(/^FROM /m).at(-1) ?? ''

  test(`${name}: runs as a user by number, looks after its health, and is made of two stages`, (t: TestContext) => {
    t.assert.match(file, /^FROM \$\{BUILD_IMAGE\} AS build$/m)
    t.assert.match(file, /^FROM \$\{RUNTIME_IMAGE\}$/m)
    t.assert.match(last, /^USER 65532:65532$/m)
    t.assert.match(last, /^HEALTHCHECK .*\\\n {2}CMD \["node"/m)
    t.assert.match(last, /^ENTRYPOINT \["node"/m)
    t.assert.ok(!/^(RUN|ADD) /m.test(last), 'the last stage needs no shell, and fetches nothing')
  })

  test(`${name}: its bases are pinned, and Node is the one that the tests ran on`, (t: TestContext) => {
    const { version } = JSON.parse(
      readFileSync(join(docker, '../node_modules/node/package.json'), 'utf8'),
    )
    t.assert.match(file, new RegExp(`^ARG BUILD_IMAGE=node:${version}-bookworm-slim$`, 'm'))
    t.assert.match(file, /^ARG RUNTIME_IMAGE=debian:\d+\.\d+-slim$/m)
  })
}

test('the proxy ships neither development nor optional packages, the agent no development ones', (t: TestContext) => {
  const proxy = readFileSync(join(docker, 'proxy.Dockerfile'), 'utf8')
  t.assert.match(proxy, /^ARG OMIT="--omit=dev --omit=optional"$/m)
  const agent = readFileSync(join(docker, 'agent.Dockerfile'), 'utf8')
  t.assert.match(agent, /npm ci --omit=dev --ignore-scripts/)
})

test("the proxy's image holds every file of the agents that the proxy reads", (t: TestContext) => {
  const root = join(docker, '..')
  const needed = new Set<string>()
  const follow = (file: string): void => {
    const text = readFileSync(file, 'utf8')
    for (const [, path = ''] of text.matchAll(/from '(\.[^']+)'/g)) {
      const found = join(dirname(file), path)
      if (!relative(root, found).startsWith('agents/') || needed.has(found)) continue
      needed.add(found)
      follow(found)
    }
  }
  for (const file of globSync('proxy/**/*.ts', { cwd: root })) {
    if (!/\.test\.ts$|\/test\//.test(file)) follow(join(root, file))
  }
  const copied = /^COPY agents\/\*\.ts agents\/$/m
  t.assert.match(readFileSync(join(docker, 'proxy.Dockerfile'), 'utf8'), copied)
  t.assert.ok(needed.has(join(root, 'agents/report.ts')))
  t.assert.deepEqual(
    [...needed].filter((file) => dirname(file) !== join(root, 'agents')),
    [],
  )
})
