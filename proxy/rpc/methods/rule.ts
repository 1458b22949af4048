/**
 * Where a call may go: `read` any node that can answer, `write` the write node and once, `pinned`
 * the write node because the answer is that node's own (pool, accounts, filters), `local` answered
 * by the proxy, `refused` nowhere.
 */
export type Access = 'read' | 'write' | 'pinned' | 'local' | 'refused'

/** What the proxy knows of a method. One row a method; the tables beside this file are the rows. */
export type MethodRule = {
  readonly access: Access
  /** Position of the block number, tag or hash among the params; `filter`: members of param 0. */
  readonly block: number | 'filter' | null
  /**
   * CPU work of a typical call, milliseconds above 0: measured on Geth 1.17.5 with sequential calls
   * on one core, guessed by their kind for the rest. It sizes a call before anything is learned.
   */
  readonly cpuMs: number
  /** True when asking a second time changes nothing, so that another node may be asked instead. */
  readonly repeatable: boolean
}

/** Reading state, blocks or logs: two nodes with the same block give the same answer. */
export function read(cpuMs = 0.2, block: number | 'filter' | null = null): MethodRule {
  return { access: 'read', block, cpuMs, repeatable: true }
}

/** Changing something: sent once. */
export function write(cpuMs = 0.3): MethodRule {
  return { access: 'write', block: null, cpuMs, repeatable: false }
}

/**
 * Asking one node of itself: its pool, its accounts, its filters (reading a filter's changes empties
 * it). Another node's answer would be another answer.
 */
export function pinned(cpuMs = 0.2): MethodRule {
  return { access: 'pinned', block: null, cpuMs, repeatable: false }
}

/** Answered without a node. */
export function local(): MethodRule {
  return { access: 'local', block: null, cpuMs: 0.01, repeatable: false }
}

/** Answered as Geth answers a method that it does not have. */
export function refused(): MethodRule {
  return { access: 'refused', block: null, cpuMs: 0.01, repeatable: false }
}
