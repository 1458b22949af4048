import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** The contracts of this folder, each in a file of its name. */
export const contractNames = ['Marbles', 'PrivateEquity'] as const

export type ContractName = (typeof contractNames)[number]

/** What a committed `NAME.json` holds. */
export type Artifact = {
  readonly compiler: string
  readonly abi: readonly Record<string, unknown>[]
  /** Creation code, 0x hex. */
  readonly bytecode: string
}

const folder = import.meta.dirname

const outputSchema = z.object({
  errors: z.array(z.object({ severity: z.string(), formattedMessage: z.string() })).optional(),
  contracts: z
    .record(
      z.string(),
      z.record(
        z.string(),
        z.object({
          abi: z.array(z.record(z.string(), z.unknown())),
          evm: z.object({ bytecode: z.object({ object: z.string() }) }),
        }),
      ),
    )
    .optional(),
})

/**
 * Compiles one contract with the solc of this package. The same sources give the same bytes.
 * @throws Error with the compiler's words when it finds any fault, warnings included
 */
export function compile(name: ContractName): Artifact {
  // solc is CommonJS without types, and 10 MB: loaded only here.
  const solc = createRequire(import.meta.url)('solc') as {
    compile(input: string): string
    version(): string
  }
  const file = `${name}.sol`
  const input = {
    language: 'Solidity',
    sources: { [file]: { content: readFileSync(join(folder, file), 'utf8') } },
    settings: {
      optimizer: { enabled: true, runs: 200 },
      evmVersion: 'paris', // Runs on every chain since the merge, Anvil's and Geth's included.
      metadata: { bytecodeHash: 'none' },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const { errors = [], contracts } = outputSchema.parse(
    JSON.parse(solc.compile(JSON.stringify(input))),
  )
  if (errors.length > 0) throw new Error(errors.map((e) => e.formattedMessage).join('\n'))
  const made = contracts?.[file]?.[name]
  if (made === undefined) throw new Error(`${file} holds no contract ${name}`)
  return { compiler: solc.version(), abi: made.abi, bytecode: `0x${made.evm.bytecode.object}` }
}

/** The text of a committed `NAME.json`. */
export function artifactText(artifact: Artifact): string {
  return `${JSON.stringify(artifact, null, 2)}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of contractNames) {
    writeFileSync(join(folder, `${name}.json`), artifactText(compile(name)))
    process.stdout.write(`${name}.json\n`)
  }
}
