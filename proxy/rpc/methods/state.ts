/**
 * Methods that are answered from the state of one block, named by height, tag or hash (EIP-1898), and
 * do not say in the answer which it was. Geth answers each with `header not found` where it lacks the
 * block (asked of 1.17.5).
 */
export const stateMethods: ReadonlySet<string> = new Set([
  'eth_call',
  'eth_createAccessList',
  'eth_estimateGas',
  'eth_getBalance',
  'eth_getCode',
  'eth_getProof',
  'eth_getStorageAt',
  'eth_getStorageValues',
  'eth_getTransactionCount',
  'eth_simulateV1',
])
