import { Command } from 'commander'
import { UsageError } from '../flags.ts'
import { detachUp } from '../up/detach.ts'
import { holdUp } from '../up/hold.ts'
import { parseUp, withUpFlags } from './up-flags.ts'

const examples = `
Examples:
  $ equipoise-bench up
  $ equipoise-bench up --fleet geth
  $ equipoise-bench up --fleet docker --nodes 5 --cpus 0.5,1,1,2,2 --memory 1g --contracts
  $ equipoise-bench up --nodes 4 --cpus 0.25,0.5,1
  $ equipoise-bench up --strategy least-connection --contracts --http.port 9545
  $ equipoise-bench up --detach && equipoise-bench ps && equipoise-bench down

What is up already is left as it is. What an earlier run left behind is removed first.`

/** `equipoise-bench up`: a fleet, its agent and the proxy, until Ctrl-C. It is `npm start`. */
export function upCommand(): Command {
  const command = new Command('up').description(
    'bring up real nodes on one chain, their agent and the proxy, until Ctrl-C',
  )
  return withUpFlags(command)
    .option('--detach', 'leave it running in the background; end it by down')
    .addHelpText('after', examples)
    .action(async () => {
      const flags = command.opts()
      try {
        const options = parseUp(flags)
        process.exitCode = await (flags['detach'] === true
          ? detachUp(options, process.argv.slice(2))
          : holdUp(options))
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        process.stderr.write(`${error.message}\n`)
        process.exitCode = 2
      }
    })
}
