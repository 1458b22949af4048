import { strategyNames } from '../proxy/index.ts'
import type { FlagReader } from './flags.ts'

/**
 * What is compared: a strategy of a fleet of our own, an endpoint that runs already (with its URL),
 * or `haproxy` on the fleet's nodes.
 */
export type Contender = { readonly name: string; readonly url: string | null }

/** What the others are compared with where nobody says. */
const preferredBaseline = 'least-connection'

/** Names of strategies, parts after a colon being the proxy's to know; or `all`. */
export function readStrategies(list: string, read: FlagReader): readonly Contender[] {
  const known: readonly string[] = strategyNames
  const names = list === 'all' ? known : read.names('--strategies', list)
  for (const name of names) {
    const [base = ''] = name.split(':')
    if (base !== '' && !known.includes(base)) {
      read.refuse(`--strategies ${name}: want some of ${known.join(', ')}, or all`)
    }
  }
  return names.map((name) => ({ name, url: null }))
}

/** Each is `URL` or `NAME=URL`, of HTTP or WebSocket. */
export function readTargets(list: readonly string[], read: FlagReader): readonly Contender[] {
  const contenders = list.map((item) => {
    const named = /^([\w.-]+)=(.*)$/.exec(item)
    const url = named?.[2] ?? item
    if (!URL.canParse(url) || !/^(https?|ws):$/.test(new URL(url).protocol)) {
      read.refuse(
        `--target ${item}: want http://HOST:PORT, ws://HOST:PORT or NAME=http://HOST:PORT`,
      )
      return { name: item, url }
    }
    return { name: named?.[1] ?? new URL(url).host, url }
  })
  read.distinct(
    '--target',
    contenders.map(({ name }) => name),
  )
  return contenders
}

/** @param given null: least-connection where it takes part, the first otherwise */
export function readBaseline(
  given: string | undefined,
  contenders: readonly Contender[],
  read: FlagReader,
): string {
  const names = contenders.map(({ name }) => name)
  if (given !== undefined && !names.includes(given)) {
    read.refuse(`--baseline ${given}: not among those compared (${names.join(', ')})`)
  }
  return given ?? names.find((name) => name === preferredBaseline) ?? names[0] ?? ''
}
