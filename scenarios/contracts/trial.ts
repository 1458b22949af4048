import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { loadContract } from './artifact-file.ts'
import { contractNames } from './compile.ts'
import { type CallOutcome, type ContractDesk, Reverted } from './instance.ts'

const valueSchema = z.union([z.string(), z.number(), z.boolean(), z.array(z.unknown())])

const trialSchema = z.strictObject({
  /** A demo contract's name, or the path of a JSON file. */
  contract: z.string(),
  arguments: z.array(valueSchema).default([]),
  steps: z
    .array(
      z.strictObject({
        call: z.string(),
        /** `$account1` is that account's address, `$name` what a step has saved under that name. */
        arguments: z.array(valueSchema).default([]),
        /** Number of the test account that calls. */
        from: z.int().min(0).default(0),
        /** Wei sent along, decimal. */
        value: z.string().regex(/^\d+$/).default('0'),
        /** What a view is to answer; numbers are decimal texts. */
        expect: z.unknown().optional(),
        /** The error it is to be refused with. */
        reverts: z.string().optional(),
        /** A name for what a view answers. */
        save: z.string().optional(),
      }),
    )
    .min(1),
})

/** Calls of a contract in order, and what each is to answer. */
export type Trial = z.output<typeof trialSchema>

type Step = Trial['steps'][number]

/** One step that was carried out; `problem` is null where it went as it was to. */
export type StepOutcome = {
  readonly call: string
  readonly ms: number
  /** Of a transaction. */
  readonly gas: number | null
  readonly problem: string | null
}

/** A demo contract's trial by its name, or the one in a JSON file. @throws Error in one line */
export function loadTrial(nameOrFile: string): Trial {
  const demo = contractNames.find((name) => name === nameOrFile)
  const file = demo === undefined ? nameOrFile : join(import.meta.dirname, `trials/${demo}.json`)
  try {
    return trialSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    const why =
      error instanceof z.ZodError
        ? error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ')
        : String(error)
    throw new Error(`${nameOrFile} is no trial of a contract: ${why}`, { cause: error })
  }
}

/** Deploys the contract anew and takes the steps, each after the one before it. */
export async function* runTrial(trial: Trial, desk: ContractDesk): AsyncGenerator<StepOutcome> {
  const contract = loadContract(trial.contract)
  const saved = new Map<string, unknown>()
  for (let i = 0; i < desk.accounts; i += 1) saved.set(`account${i}`, desk.address(i))
  const fill = (value: unknown): unknown => filled(value, saved)
  const made = await desk.deploy(contract, trial.arguments.map(fill), 0)
  yield { call: 'deploy', ms: made.ms, gas: made.receipt?.gas ?? null, problem: null }
  for (const step of trial.steps) {
    const { call, from, value } = step
    const beganMs = performance.now()
    let outcome: CallOutcome | Reverted
    try {
      const args = step.arguments.map(fill)
      outcome = await desk.call(contract, made.address, call, args, from, BigInt(value))
    } catch (error) {
      if (!(error instanceof Reverted)) throw error
      outcome = error
    }
    const problem = problemOf(step, outcome, fill)
    if (outcome instanceof Reverted) {
      yield { call, ms: performance.now() - beganMs, gas: null, problem }
      continue
    }
    if (step.save !== undefined) saved.set(step.save, outcome.result)
    yield { call, ms: outcome.ms, gas: outcome.receipt?.gas ?? null, problem }
  }
}

function problemOf(
  step: Step,
  outcome: CallOutcome | Reverted,
  fill: (value: unknown) => unknown,
): string | null {
  if (outcome instanceof Reverted) {
    if (outcome.reason === step.reverts) return null
    const wanted = step.reverts === undefined ? '' : `, not ${step.reverts}`
    return `it was refused: ${outcome.reason}${wanted}`
  }
  if (step.reverts !== undefined) return `it was to be refused with ${step.reverts}`
  if (step.expect === undefined) return null
  const wanted = fill(step.expect)
  if (isDeepStrictEqual(outcome.result, wanted)) return null
  return `it answered ${JSON.stringify(outcome.result)}, not ${JSON.stringify(wanted)}`
}

/** @throws Error for a name that nothing was saved under */
function filled(value: unknown, saved: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((each) => filled(each, saved))
  if (typeof value !== 'string' || !value.startsWith('$')) return value
  const name = value.slice(1)
  if (!saved.has(name)) throw new Error(`${value}: nothing was saved under that name`)
  return saved.get(name)
}
