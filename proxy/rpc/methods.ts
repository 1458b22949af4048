import { devMethods } from './methods/dev.ts'
import { ethMethods } from './methods/eth.ts'
import { nodeMethods } from './methods/node.ts'
import { adminMethods, refusedMethods } from './methods/refused.ts'
import { type MethodRule, refused } from './methods/rule.ts'

/**
 * A method no table knows, in a namespace that is open: a chain of its own may have added it. It
 * may change something, so it is treated as a write: to one node, once, and never said to have
 * failed when that is not known.
 */
export const unknownMethod: MethodRule = {
  access: 'write',
  block: null,
  cpuMs: 1,
  repeatable: false,
}

/** Every method the proxy knows by name, with its rule. */
export const methods: ReadonlyMap<string, MethodRule> = new Map<string, MethodRule>([
  ...Object.entries(ethMethods),
  ...Object.entries(nodeMethods),
  ...Object.entries(devMethods),
  ...Object.entries(adminMethods),
  ...refusedMethods.map((name): [string, MethodRule] => [name, refused()]),
])

/** What stands before the first `_` of a method's name, or null where there is none. */
export function namespaceOf(method: string): string | null {
  const at = method.indexOf('_')
  return at < 0 ? null : method.slice(0, at)
}
