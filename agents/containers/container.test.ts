import { type TestContext, test } from 'node:test'
import { containerIdIn, containerIdOf, isIdPart, isSelected } from './container.ts'

const id = 'ae109a16623169b997ab9774e11cc7e73332dd5f28b767b3885b20aa44b523ad'
const container = { id, name: 'geth-1', labels: { pool: 'main' } }

test('the directory of a container names it, that of its monitor does not', (t: TestContext) => {
  for (const name of [
    id,
    `docker-${id}.scope`,
    `libpod-${id}.scope`,
    `cri-containerd-${id}.scope`,
    `crio-${id}.scope`,
    `kubepods-pod1.slice:cri-containerd:${id}`,
    `podman-${id}.service`,
  ]) {
    t.assert.equal(containerIdOf(name), id, name)
  }
  for (const name of [
    'docker',
    id.slice(1),
    `${id}0`,
    id.toUpperCase(),
    `libpod-conmon-${id}.scope`,
    `crio-conmon-${id}.scope`,
    'system.slice',
  ]) {
    t.assert.equal(containerIdOf(name), undefined, name)
  }
})

test('any line that names a container places a process in it', (t: TestContext) => {
  t.assert.equal(containerIdIn(`3:cpuset:/\n2:cpu:/docker/${id}\n0::/\n`), id)
  t.assert.equal(containerIdIn(`0::/../docker-${id}.scope\n`), id)
  t.assert.equal(containerIdIn(`0::/docker/${id}/init\n`), id)
  t.assert.equal(containerIdIn('0::/user.slice/session-1.scope\n'), undefined)
  t.assert.equal(containerIdIn(''), undefined)
})

test('a container is meant by its name, its id or 12 and more digits of it', (t: TestContext) => {
  const means = (name: string) => isSelected(container, { kind: 'container', name })
  for (const name of ['geth-1', id, id.slice(0, 12)]) t.assert.ok(means(name), name)
  for (const name of ['geth-', 'geth-11', id.slice(0, 11), id.slice(1), '']) {
    t.assert.ok(!means(name), name)
  }
  t.assert.ok(!isIdPart('geth-1'))
})

test('a label is asked for with or without its value', (t: TestContext) => {
  t.assert.ok(isSelected(container, { kind: 'label', key: 'pool' }))
  t.assert.ok(isSelected(container, { kind: 'label', key: 'pool', value: 'main' }))
  t.assert.ok(!isSelected(container, { kind: 'label', key: 'pool', value: '' }))
  t.assert.ok(!isSelected(container, { kind: 'label', key: 'toString' }))
})
