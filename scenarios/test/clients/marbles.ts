import { type Hex, parseAbi } from 'viem'
import { artifactOf } from '../../contracts/artifacts.ts'

/** The contract of `scenarios/contracts/Marbles.sol` as a dApp's author would write it down. */
export const marblesAbi = parseAbi([
  'struct Marble { string name; string colour; uint256 size; address owner; uint64 transfers; }',
  'event Created(bytes32 indexed id, address indexed owner, string name, string colour, uint256 size)',
  'event Transferred(bytes32 indexed id, address indexed from, address indexed to, uint64 transfers)',
  'error Exists(bytes32 id)',
  'error Unknown(bytes32 id)',
  'error NotOwner(bytes32 id, address owner)',
  'function idOf(string name) pure returns (bytes32)',
  'function total() view returns (uint256)',
  'function get(bytes32 id) view returns (Marble)',
  'function create(string name, string colour, uint256 size) returns (bytes32)',
  'function transfer(bytes32 id, address to)',
])

/** The same for clients that read compiled JSON. */
export const marblesJson = artifactOf('Marbles').abi

export const marblesBytecode = artifactOf('Marbles').bytecode as Hex
