import { existsSync, readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { Exposure } from './exposure.ts'
import type { MethodRule } from './methods/rule.ts'
import { methods, namespaceOf } from './methods.ts'

/** One row of a survey of Geth, its spec and Anvil, which lies beside the repository where it does. */
type Surveyed = {
  readonly method: string
  readonly namespace: string
  readonly class: string
  readonly blockParamIndex: number | null
  readonly blockParamPath: string | null
  readonly idempotent: boolean | 'by tx hash'
  readonly retry: string
  /** In words; `deny` where no proxy should pass it on. */
  readonly routing: string
  readonly gethDefaultExposed: boolean
  readonly proxyDefaultAllow: boolean
}

const file = new URL('../../../shared/data/methods.json', import.meta.url)
const skip = existsSync(file) ? false : 'the survey of methods is not on this machine'
const surveyed: readonly Surveyed[] = skip ? [] : JSON.parse(readFileSync(file, 'utf8')).methods

/** Signing with a node's own keys: Geth serves it by default, and does it for unlocked accounts. */
const signing = new Set(['eth_sign', 'eth_signTransaction'])

test('every method of the survey is known', { skip }, (t: TestContext) => {
  t.assert.equal(surveyed.length, 391)
  t.assert.deepEqual(
    surveyed.filter(({ method }) => !methods.has(method)),
    [],
  )
})

test('no dangerous, engine or client-side method reaches a node by default', {
  skip,
}, (t: TestContext) => {
  const exposure = new Exposure({ api: ['eth', 'net', 'web3'], allow: [], deny: [] })
  for (const { method } of ofClass('dangerous', 'engine', 'client-side')) {
    if (!signing.has(method)) t.assert.equal(exposure.ruleOf(method), null, method)
  }
})

test('what is denied to all reaches no node with its namespace open either', {
  skip,
}, (t: TestContext) => {
  const api = [...new Set(surveyed.map(({ namespace }) => namespace))]
  const exposure = new Exposure({ api, allow: [], deny: [] })
  const denied = surveyed.filter(({ routing }) => routing === 'deny')
  for (const { method } of [...denied, ...ofClass('engine', 'client-side')]) {
    t.assert.equal(exposure.ruleOf(method), null, method)
  }
})

test('no dangerous method may be answered by any node, or asked twice', {
  skip,
}, (t: TestContext) => {
  for (const { method } of ofClass('dangerous')) {
    const { access, repeatable } = ruleOf(method)
    t.assert.notEqual(access, 'read', method)
    t.assert.equal(repeatable, false, method)
  }
})

test('what changes something is sent to one node, once', { skip }, (t: TestContext) => {
  for (const { method } of ofClass('write', 'dev-write')) {
    const { access, repeatable } = ruleOf(method)
    t.assert.ok(access === 'write' || access === 'refused', `${method}: ${access}`)
    t.assert.equal(repeatable, false, method)
  }
})

test('what must never be asked again is not repeatable', { skip }, (t: TestContext) => {
  for (const { method, retry } of surveyed) {
    if (!retry.startsWith('safe')) t.assert.equal(ruleOf(method).repeatable, false, method)
  }
})

test('what one node says of itself is asked of one node', { skip }, (t: TestContext) => {
  for (const { method, routing } of ofClass('node-local', 'dev-node-local', 'session')) {
    if (routing !== 'any synced') t.assert.notEqual(ruleOf(method).access, 'read', method)
  }
})

test('what any node can answer is read from any', { skip }, (t: TestContext) => {
  const readable = ofClass('read-by-block', 'read-latest', 'read-canonical', 'immutable-by-hash')
  for (const { method, proxyDefaultAllow } of readable) {
    if (proxyDefaultAllow) t.assert.equal(ruleOf(method).access, 'read', method)
  }
})

test('the block stands where the survey found it', { skip }, (t: TestContext) => {
  for (const { method, blockParamIndex, blockParamPath } of surveyed) {
    const { access, block } = ruleOf(method)
    if (access !== 'read') continue
    t.assert.equal(block, blockParamPath === null ? blockParamIndex : 'filter', method)
  }
})

test('what Geth serves by default and may be served is served by default', {
  skip,
}, (t: TestContext) => {
  const exposure = new Exposure({ api: ['eth', 'net', 'web3'], allow: [], deny: [] })
  for (const { method, gethDefaultExposed, proxyDefaultAllow } of surveyed) {
    if (!gethDefaultExposed || !proxyDefaultAllow) continue
    t.assert.notEqual(exposure.ruleOf(method), null, method)
  }
})

test('only reads are asked of another node, and all of them are', (t: TestContext) => {
  for (const [method, { access, repeatable }] of methods) {
    t.assert.equal(repeatable, access === 'read', method)
  }
})

test('a name has one rule, a namespace and some work', (t: TestContext) => {
  for (const [method, { cpuMs, access, block }] of methods) {
    t.assert.match(namespaceOf(method) ?? '', /^[a-z0-9]+$/, method)
    t.assert.ok(cpuMs > 0 && Number.isFinite(cpuMs), method)
    if (access !== 'read') t.assert.equal(block, null, method)
  }
})

function ofClass(...classes: readonly string[]): readonly Surveyed[] {
  return surveyed.filter((row) => classes.includes(row.class))
}

function ruleOf(method: string): MethodRule {
  const rule = methods.get(method)
  if (rule === undefined) throw new Error(`${method} is not known`)
  return rule
}
