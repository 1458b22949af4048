import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { z } from 'zod'

/** What the ABIs say of contracts and their functions. Addresses and selectors are in lower case. */
export type AbiNames = {
  /** `transfer(address,uint256)` for `0xa9059cbb`, or null where no ABI has it. */
  signatureOf(selector: string): string | null
  /**
   * What the contract at `address` is: the one whose file names the address, or else the only one
   * that has every function called there. Null where that tells none or many.
   */
  contractOf(address: string, selectors: readonly string[]): string | null
}

/** No ABI: nothing has a name. */
export const noNames: AbiNames = { signatureOf: () => null, contractOf: () => null }

/** A folder of ABIs that cannot be used. The message names the file, in one line. */
export class AbiError extends Error {
  override readonly name = 'AbiError'
}

const maxFiles = 4_096
const maxFileBytes = 16 * 2 ** 20

type Parameter = { readonly type: string; readonly components?: readonly Parameter[] | undefined }

const parameter: z.ZodType<Parameter> = z.lazy(() =>
  z.object({ type: z.string().min(1), components: z.array(parameter).optional() }),
)
const abiEntry = z.discriminatedUnion('type', [
  z.object({ type: z.literal('function'), name: z.string().min(1), inputs: z.array(parameter) }),
  ...(['constructor', 'event', 'error', 'fallback', 'receive'] as const).map((type) =>
    z.object({ type: z.literal(type) }),
  ),
])
const abi = z.array(abiEntry)
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/)
/** What compilers and deployment tools write: solc, Hardhat, Foundry, Truffle, hardhat-deploy. */
const artifact = z.object({
  abi,
  contractName: z.string().min(1).optional(),
  address: address.optional(),
})

type Contract = { readonly name: string; readonly selectors: ReadonlySet<string> }

/**
 * Reads every `*.json` of a folder, subfolders included, that holds an ABI: the array itself, or an
 * artifact with a member `abi`. Other JSON is passed over (compilers leave much beside).
 * @throws AbiError when there is no such folder, a file is no JSON or its ABI is broken, or no ABI is
 *   found
 */
export function readAbis(folder: string): AbiNames {
  const signatures = new Map<string, string>()
  const byAddress = new Map<string, string>()
  const contracts: Contract[] = []
  for (const file of filesIn(folder)) {
    const found = contractIn(file)
    if (found === null) continue
    const { name, functions, at } = found
    for (const signature of functions) signatures.set(selectorOf(signature), signature)
    contracts.push({ name, selectors: new Set(functions.map(selectorOf)) })
    if (at !== null) byAddress.set(at, name)
  }
  if (contracts.length === 0) throw new AbiError(`no *.json in ${folder} holds an ABI`)
  return {
    signatureOf: (selector) => signatures.get(selector) ?? null,
    contractOf: (called, selectors) =>
      byAddress.get(called) ?? onlyOneWith(contracts, selectors) ?? null,
  }
}

/** The first four bytes of the hash of its signature, `0x` and eight digits. */
export function selectorOf(signature: string): string {
  const hash = keccak_256(Buffer.from(signature, 'utf8'))
  return `0x${Buffer.from(hash.subarray(0, 4)).toString('hex')}`
}

function onlyOneWith(contracts: readonly Contract[], called: readonly string[]): string | null {
  const functions = called.filter((selector) => selector.startsWith('0x'))
  if (functions.length === 0) return null
  const names = new Set<string>()
  for (const { name, selectors } of contracts) {
    if (functions.every((selector) => selectors.has(selector))) names.add(name)
  }
  const [name] = names
  return names.size === 1 && name !== undefined ? name : null
}

function filesIn(folder: string): readonly string[] {
  try {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.name.endsWith('.json') && !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
    if (files.length <= maxFiles) return files
    throw new AbiError(`${folder} holds ${files.length} JSON files; at most ${maxFiles} are read`)
  } catch (error) {
    throw error instanceof AbiError ? error : new AbiError(wordsOf(error))
  }
}

type Found = {
  readonly name: string
  readonly functions: readonly string[]
  readonly at: string | null
}

/** Null for JSON that does not mean to be an ABI. */
function contractIn(file: string): Found | null {
  const value = jsonOf(file)
  const isArtifact = typeof value === 'object' && value !== null && 'abi' in value
  if (!Array.isArray(value) && !isArtifact) return null
  if (Array.isArray(value) && !value.some(isEntry)) return null
  const { data, error } = artifact.safeParse(isArtifact ? value : { abi: value })
  if (data === undefined) {
    const [first] = error.issues
    throw new AbiError(`${file}: ${first?.path.join('.') ?? 'abi'}: ${first?.message ?? 'broken'}`)
  }
  return {
    name: data.contractName ?? basename(file, '.json'),
    functions: data.abi.flatMap((entry) =>
      'inputs' in entry ? [`${entry.name}${typesOf(entry.inputs)}`] : [],
    ),
    at: data.address?.toLowerCase() ?? null,
  }
}

function jsonOf(file: string): unknown {
  try {
    if (statSync(file).size > maxFileBytes) return null // No ABI is so large; build records are.
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new AbiError(`${file}: ${wordsOf(error)}`)
  }
}

function isEntry(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value
}

/** The canonical types, in brackets. @see Contract ABI Specification, "Function Selector" */
function typesOf(parameters: readonly Parameter[]): string {
  const types = parameters.map(({ type, components = [] }) =>
    type.startsWith('tuple') ? typesOf(components) + type.slice('tuple'.length) : type,
  )
  return `(${types.join(',')})`
}

function wordsOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n')[0] ?? text
}
