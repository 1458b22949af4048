import { type TestContext, test } from 'node:test'
import {
  dockerSocket,
  engineOf,
  parseSelection,
  problemsOfSelection,
  type SelectionFlags,
} from './selection.ts'

const id = 'ae109a16623169b997ab9774e11cc7e73332dd5f28b767b3885b20aa44b523ad'

function problemsOf(flags: SelectionFlags): readonly string[] {
  const problems: string[] = []
  const selection = parseSelection(flags, problems)
  return [...problems, ...problemsOfSelection(selection)]
}

test('names, ids and labels become containers, with their declared capacity', (t: TestContext) => {
  const problems: string[] = []
  const { containers, docker } = parseSelection(
    {
      container: ['geth-1', 'ae109a166231'],
      label: ['equipoise.enable=true', 'pool', 'empty='],
      networkMbps: ['geth-1=8'],
      docker: 'none',
    },
    problems,
  )
  t.assert.deepEqual(containers, [
    { kind: 'container', name: 'geth-1', networkBytesPerS: 1_000_000 },
    { kind: 'container', name: 'ae109a166231' },
    { kind: 'label', key: 'equipoise.enable', value: 'true' },
    { kind: 'label', key: 'pool' },
    { kind: 'label', key: 'empty', value: '' },
  ])
  t.assert.equal(docker, 'none')
  t.assert.deepEqual(problems, [])
})

test('what cannot be a container is a problem that names its flag', (t: TestContext) => {
  t.assert.deepEqual(
    problemsOf({
      container: ['a b', '', 'geth-1', 'geth-1'],
      label: ['=x'],
      pid: ['p=1', 'geth-2=2'],
      docker: 'ftp://x',
    }).map((problem) => problem.split(':')[0]),
    ['--container a b', '--container ', '--label =x', '--container geth-1', '--docker ftp'],
  )
})

test('without an engine there are no names and no labels', (t: TestContext) => {
  const problems = problemsOf({ container: ['geth-1', id], label: ['a=b'], docker: 'none' })
  t.assert.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    ['--container geth-1', '--label a'],
  )
})

test('a socket that is not there is waited for only where names are needed', (t: TestContext) => {
  const engineFor = (flags: SelectionFlags, isThere: boolean) =>
    engineOf(parseSelection(flags, []), () => isThere)
  const socket = { socketPath: dockerSocket }
  t.assert.deepEqual(engineFor({ container: ['geth-1'] }, false), socket)
  t.assert.deepEqual(engineFor({ label: ['a'] }, false), socket)
  t.assert.deepEqual(engineFor({ container: [id] }, true), socket)
  t.assert.equal(engineFor({ container: [id] }, false), undefined)
  t.assert.equal(engineFor({ container: [id], docker: 'none' }, true), undefined)
  t.assert.equal(engineFor({ pid: ['a=1'] }, true), undefined)
})

test('an engine is reached by a socket or an address', (t: TestContext) => {
  const addressOf = (docker: string) =>
    engineOf(parseSelection({ container: ['a'], docker }, []), () => false)
  t.assert.deepEqual(addressOf('unix:///run/user/1000/docker.sock'), {
    socketPath: '/run/user/1000/docker.sock',
  })
  t.assert.deepEqual(addressOf('tcp://127.0.0.1:9999'), {
    protocol: 'http',
    host: '127.0.0.1',
    port: 9999,
  })
  t.assert.deepEqual(addressOf('tcp://proxy'), { protocol: 'http', host: 'proxy', port: 2375 })
  t.assert.deepEqual(addressOf('https://proxy/'), { protocol: 'https', host: 'proxy', port: 2376 })
  for (const docker of ['unix://', 'unix://x', 'ssh://a', 'http://', 'http://a/b', 'x']) {
    t.assert.equal(addressOf(docker), undefined, docker)
  }
})

test('pods are looked for as Kubernetes names their machine, and not through Docker', (t: TestContext) => {
  const problems: string[] = []
  const flags = { label: ['app=geth'], kubernetes: 'worker-1.example' }
  t.assert.deepEqual(parseSelection(flags, problems).kubernetes, {
    node: 'worker-1.example',
    account: '/var/run/secrets/kubernetes.io/serviceaccount',
  })
  t.assert.deepEqual(problemsOf(flags), [])
  t.assert.deepEqual(
    problemsOf({ ...flags, kubernetes: 'a,b', docker: 'tcp://x:1' }).map(
      (problem) => problem.split(':')[0],
    ),
    ['--kubernetes a,b', '--kubernetes'],
  )
})
