/**
 * Work for a node's EVM that needs no contract on the chain: an `eth_call` without `to` runs its
 * `data` as the code of a contract being created and answers what that code returns.
 *
 * A round costs 80 gas and about 0.42 µs of CPU on Anvil 1.7 (measured); 95,000 rounds stay
 * below 8 million gas, far from any node's cap for calls.
 *
 * @param rounds 1 to 2³² − 1
 * @returns init code in the wire's form; the answer is 32 bytes
 */
export function burnCode(rounds: number): string {
  return code(
    `63${wordHex(rounds, 4)}`, // 00 PUSH4: how many rounds are left
    '5b', // 05 JUMPDEST
    '60406000', // 06 PUSH1 64, PUSH1 0
    '20', // 0a KECCAK256: the hash of memory 0 to 63
    '600052', // 0b MSTORE at 0: becomes its first half, so that no round can be left out
    '60019003', // 0e one round less
    '80600557', // 12 back to 05 while some are left
    '600051', // 16 MLOAD at 0
    '60081c', // 19 SHR by 8: code that begins with ef may not be created (EIP-3541)
    '600052', // 1c MSTORE at 0
    '60206000f3', // 1f RETURN memory 0 to 31
  )
}

/**
 * Init code that leaves `count` logs behind and creates an empty contract: each log has its own number
 * as its one topic and 32 bytes of data. For a transaction that gives `eth_getLogs` something to find.
 *
 * @param count 1 to 65,535, about 1,050 gas each
 */
export function logCode(count: number): string {
  return code(
    `61${wordHex(count, 2)}`, // 00 PUSH2: how many logs are left
    '5b', // 03 JUMPDEST
    '80', // 04 the topic
    '60206000', // 05 PUSH1 32, PUSH1 0: where its data lies
    'a1', // 09 LOG1
    '60019003', // 0a one log less
    '80600357', // 0e back to 03 while some are left
    '00', // 12 STOP
  )
}

function code(...parts: readonly string[]): string {
  return `0x${parts.join('')}`
}

function wordHex(value: number, sizeBytes: number): string {
  return value.toString(16).padStart(2 * sizeBytes, '0')
}
