import { readFileSync } from 'node:fs'
import { type Command as Base, Command } from 'commander'
import { loadContract } from '../contracts/artifact-file.ts'
import { type CallOutcome, ContractDesk } from '../contracts/instance.ts'
import { loadTrial, runTrial, type StepOutcome } from '../contracts/trial.ts'
import { trialTable } from '../contracts/trial-table.ts'
import { stackState } from '../control/client.ts'
import { placeOf } from '../control/place.ts'
import { FlagReader } from '../flags.ts'
import { renderTable } from '../report/table.ts'
import { performOrder } from './perform-order.ts'
import { nameOption, parseName } from './stack-name.ts'

const examples = `
A contract is Marbles or PrivateEquity, or a JSON file with {abi, bytecode} (solc, Hardhat, Foundry).

Examples:
  $ equipoise-bench contract deploy Marbles
  $ equipoise-bench contract call Marbles 0x56D1… create '"Aurora"' '"green"' 16 --account 1
  $ equipoise-bench contract call Marbles 0x56D1… idOf Aurora
  $ equipoise-bench contract test PrivateEquity --rounds 5
  $ equipoise-bench contract test ./my-trial.json --endpoint http://127.0.0.1:8545`

/** `equipoise-bench contract`: deploy, call and try contracts through the proxy. */
export function contractCommand(): Command {
  const command = new Command('contract')
    .description('deploy, call and try contracts through the proxy')
    .addHelpText('after', examples)
  withDesk(command.command('deploy'))
    .description('deploy a contract')
    .argument('<contract>', 'name or file')
    .argument('[arguments...]', 'of its constructor, JSON or plain text')
    .action((contract: string, args: readonly string[], _: unknown, self: Base) =>
      atDesk(self, async (desk, { account }) => {
        const made = await desk.deploy(loadContract(contract), args.map(argumentOf), account)
        say(`${contract} is at ${made.address}`)
        tell(made)
      }),
    )
  withDesk(command.command('call'))
    .description('call a function: a view is asked, anything else is sent and waited for')
    .argument('<contract>', 'name or file, for its ABI')
    .argument('<address>', 'where it is')
    .argument('<function>', 'name, or signature where several have that name')
    .argument('[arguments...]', 'JSON or plain text')
    .option('--value <WEI>', 'sent along', '0')
    .action((...given: readonly unknown[]) => {
      const [contract, address, name, args, flags, self] = given as CallWords
      return atDesk(self, async (desk, { account }, reader) => {
        if (!/^\d+$/.test(flags.value)) reader.refuse(`--value ${flags.value}: want wei`)
        reader.close()
        const values = args.map(argumentOf)
        const wei = BigInt(flags.value)
        tell(await desk.call(loadContract(contract), address, name, values, account, wei))
      })
    })
  withDesk(command.command('test'))
    .description('deploy a contract anew and check what a list of calls answers')
    .argument('<trial>', 'Marbles, PrivateEquity, or a JSON file {contract, steps}')
    .option('--rounds <N>', 'how often, each with a contract of its own', '1')
    .action((trial: string, flags: { readonly rounds: string }, self: Base) =>
      atDesk(self, async (desk, _, reader) => {
        const rounds = reader.whole('--rounds', flags.rounds, 1, 1_000)
        reader.close()
        await test(trial, rounds, desk)
      }),
    )
  return command
}

type CallWords = readonly [
  contract: string,
  address: string,
  name: string,
  args: readonly string[],
  flags: { readonly value: string },
  self: Base,
]

function withDesk(command: Command): Command {
  return command
    .option('--endpoint <URL>', 'where to (default: of the stack that is up)')
    .option('--account <N>', 'number of the test account that pays', '0')
    .option('--key-file <FILE>', 'private key of another account that pays')
    .addOption(nameOption())
}

type DeskFlags = { readonly account: number }

async function atDesk(
  command: Base,
  work: (desk: ContractDesk, flags: DeskFlags, reader: FlagReader) => Promise<void>,
): Promise<void> {
  const flags = command.opts<Record<string, string | undefined>>()
  const name = flags['name'] ?? ''
  process.exitCode = await performOrder(name, async () => {
    const reader = new FlagReader()
    parseName(reader, name)
    const keyFile = flags['keyFile']
    const number = reader.whole('--account', flags['account'] ?? '0', 0, 9)
    reader.close()
    const endpoint = flags['endpoint'] ?? (await stackState(placeOf(name))).endpoint
    if (endpoint === null) throw new Error(`${name} is still starting`)
    const key = keyFile === undefined ? undefined : readFileSync(keyFile, 'utf8').trim()
    const desk = new ContractDesk(endpoint, key)
    try {
      await work(desk, { account: key === undefined ? number : 0 }, reader)
    } finally {
      desk.close()
    }
  })
}

async function test(name: string, rounds: number, desk: ContractDesk): Promise<void> {
  const trial = loadTrial(name)
  const outcomes: StepOutcome[] = []
  for (let round = 0; round < rounds; round += 1) {
    for await (const outcome of runTrial(trial, desk)) {
      outcomes.push(outcome)
      if (outcome.problem !== null) say(`✖ ${outcome.call}: ${outcome.problem}`)
    }
  }
  say(renderTable(trialTable(trial.contract, outcomes), { isColoured: process.stdout.isTTY }))
  const wrong = outcomes.filter(({ problem }) => problem !== null).length
  if (wrong > 0) throw new Error(`${wrong} of ${outcomes.length} calls did not go as they were to`)
  say(`all ${outcomes.length} calls went as they were to`)
}

function tell({ result, receipt, ms }: CallOutcome): void {
  if (receipt === null) say(typeof result === 'string' ? result : JSON.stringify(result))
  else say(`block ${receipt.block}, ${receipt.gas} gas, ${ms.toFixed(0)} ms, ${receipt.hash}`)
}

/** `16`, `["a"]` and `"text"` are JSON; any other word is text. Large numbers stay exact as text. */
function argumentOf(word: string): unknown {
  if (/^-?\d+$/.test(word)) return word
  try {
    return JSON.parse(word)
  } catch {
    return word
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
