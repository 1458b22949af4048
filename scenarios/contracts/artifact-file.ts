import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { artifactOf } from './artifacts.ts'
import { contractNames } from './compile.ts'

/** A compiled contract: what solc, Hardhat and Foundry write, as far as it is used. */
export type LoadedContract = {
  readonly abi: readonly Record<string, unknown>[]
  /** Creation code, 0x hex; null where the file holds an ABI alone. */
  readonly bytecode: string | null
}

const hexCode = z.string().regex(/^(0x)?([0-9a-fA-F]{2})+$/, 'want creation code in hexadecimal')
const abiSchema = z.array(z.record(z.string(), z.unknown()))
const fileSchema = z.union([
  abiSchema.transform((abi) => ({ abi, bytecode: undefined })),
  z.object({
    abi: abiSchema,
    bytecode: z
      .union([hexCode, z.object({ object: hexCode }).transform((it) => it.object)])
      .optional(),
  }),
])

/**
 * A demo contract by its name, or what a JSON file holds: `{abi, bytecode}` as Hardhat writes it,
 * `{abi, bytecode: {object}}` as Foundry does, or an ABI alone.
 * @throws Error in one line for what is neither
 */
export function loadContract(nameOrFile: string): LoadedContract {
  const demo = contractNames.find((name) => name === nameOrFile)
  if (demo !== undefined) return artifactOf(demo)
  const known = `${contractNames.join(', ')}, or a JSON file with its ABI`
  let value: unknown
  try {
    value = JSON.parse(readFileSync(nameOrFile, 'utf8'))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Error(`${nameOrFile}: want ${known} (${why})`, { cause: error })
  }
  const parsed = fileSchema.safeParse(value)
  if (!parsed.success) throw new Error(`${nameOrFile} holds no ABI: want ${known}`)
  const { abi, bytecode } = parsed.data
  if (bytecode === undefined) return { abi, bytecode: null }
  return { abi, bytecode: bytecode.startsWith('0x') ? bytecode : `0x${bytecode}` }
}
