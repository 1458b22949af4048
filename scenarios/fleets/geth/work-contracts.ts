/**
 * Two contracts written by hand for benchmarks. Whoever deploys them first thing from the tenth
 * test account finds them at these addresses; a Geth fleet has them in its genesis.
 */
export const workContracts = {
  /** `burn(uint256 rounds)`, rounds from 1: that many Keccak hashes, 80 gas each. */
  burner: {
    address: '0x700b6a60ce7eaaea56f065753d8dcb9653dbad35',
    selector: '0x42966c68',
    code: code(
      '600435', // 00 the argument: how many rounds are left
      '5b', // 03 JUMPDEST
      '60405f', // 04 PUSH1 64, PUSH0
      '20', // 07 KECCAK256: the hash of memory 0 to 63
      '5f52', // 08 MSTORE at 0: becomes its first half, so that no round can be left out
      '60019003', // 0a one round less
      '80600357', // 0e back to 03 while some are left
      '60205ff3', // 12 RETURN memory 0 to 31
    ),
  },
  /** `transfer(address to, uint256 value)`: an ERC-20 Transfer event, and the value kept under `to`. */
  token: {
    address: '0xa15bb66138824a1c7167f5e85b957d04dd34e468',
    selector: '0xa9059cbb',
    code: code(
      '602435', // 00 value
      '80600435', // 03 DUP1, to
      '55', // 07 SSTORE under `to`
      '5f52', // 08 MSTORE at 0: the event's data
      '600435', // 0a third topic: to
      '33', // 0d second topic: the sender
      '7fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef', // 0e first topic
      '60205fa3', // 2f LOG3 with memory 0 to 31
      '60015f52', // 33 MSTORE true
      '60205ff3', // 37 RETURN it
    ),
  },
} as const

/** Init code that leaves `runtime` behind as a contract's code. */
export function deploymentOf(runtime: string): string {
  const length = ((runtime.length - 2) / 2).toString(16).padStart(4, '0')
  // PUSH2 length, DUP1, PUSH1 where it begins here, PUSH0, CODECOPY, PUSH0, RETURN.
  return `0x61${length}80600a5f395ff3${runtime.slice(2)}`
}

/** @param rounds 1 to 2³² − 1 */
export function burnInput(rounds: number): string {
  return `${workContracts.burner.selector}${word(rounds.toString(16))}`
}

export function transferInput(to: string, value: number): string {
  return `${workContracts.token.selector}${word(to.slice(2))}${word(value.toString(16))}`
}

function word(digits: string): string {
  return digits.toLowerCase().padStart(64, '0')
}

function code(...parts: readonly string[]): string {
  return `0x${parts.join('')}`
}
