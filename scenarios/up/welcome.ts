import type { Stack } from '../stack.ts'

const shownAccounts = 3

/** What a user is told once a stack is up. */
export function welcome(stack: Stack, seconds: number): string {
  const { endpoint, adminUrl, agentUrl, accounts, commands, contracts } = stack
  const body = `'{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}'`
  const deployed = Object.entries(contracts).map(([name, address]) => `  ${name} ${address}`)
  return [
    'Started as',
    ...commands.map((line) => `  $ ${line}`),
    '',
    `Ready after ${seconds.toFixed(1)} s`,
    `  Endpoint   ${endpoint}`,
    `  Dashboard  ${adminUrl}/`,
    `  Metrics    ${adminUrl}/metrics`,
    `  Agent      ${agentUrl}/v1/state`,
    '',
    'Funded accounts of the well-known test mnemonic: anyone can spend from them, use them nowhere else',
    ...accounts
      .slice(0, shownAccounts)
      .map(({ address, privateKey }) => `  ${address}  key ${privateKey}`),
    ...(deployed.length === 0 ? [] : ['', 'Contracts', ...deployed]),
    '',
    'Try',
    `  curl -s -H 'content-type: application/json' -d ${body} ${endpoint}`,
    '',
  ].join('\n')
}
