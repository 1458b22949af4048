import { readFileSync } from 'node:fs'
import type { PushConfig } from './push.ts'
import { problemsOfTls, type TlsFiles, tlsNames } from './tls.ts'

/** Every proxy costs a request an interval. */
const maxPushes = 16

/** Who may reach an agent, and whom it reaches by itself. */
export type Reach = {
  readonly addr: string
  /** File with the bearer token that readers must show. Off the loopback, this or `tls.ca`. */
  readonly tokenFile?: string
  /** `cert` and `key`: speak TLS; `ca`: readers must show a certificate that it signed. */
  readonly tls?: TlsFiles
  /** Where HAProxy's agent checks are answered; 0: any free port. */
  readonly haproxyPort?: number
  readonly push?: PushConfig
}

/** The command line as words; commander leaves dots in names as they are. */
export type ReachFlags = {
  readonly tokenFile?: string | undefined
  readonly 'tls.cert'?: string | undefined
  readonly 'tls.key'?: string | undefined
  readonly 'tls.ca'?: string | undefined
  readonly haproxyPort?: string | undefined
  readonly push?: readonly string[] | undefined
  readonly 'push.tokenFile'?: string | undefined
  readonly 'push.tls.cert'?: string | undefined
  readonly 'push.tls.key'?: string | undefined
  readonly 'push.tls.ca'?: string | undefined
}

/** What the flags say; what they say wrong goes to `problems`, a line each. */
export function parseReach(flags: ReachFlags, problems: string[]): Omit<Reach, 'addr'> {
  const { tokenFile, haproxyPort } = flags
  const tls = tlsOf(flags, '')
  const push = pushOf(flags, problems)
  const port = /^\d{1,5}$/.test(haproxyPort ?? '') ? Number(haproxyPort) : Number.NaN
  if (haproxyPort !== undefined && !(port <= 65_535)) {
    problems.push(`--haproxy-port ${haproxyPort}: want a whole number from 0 to 65535`)
  }
  return {
    ...(tokenFile !== undefined && { tokenFile }),
    ...(tls !== undefined && { tls }),
    ...(port <= 65_535 && { haproxyPort: port }),
    ...(push !== undefined && { push }),
  }
}

/** What is wrong with it, one line each, in the words of the flags. */
export function problemsOfReach(reach: Reach): readonly string[] {
  const { addr, tokenFile, tls, haproxyPort, push } = reach
  return [
    ...(tokenFile === undefined ? [] : problemsOfTokenFile('--token-file', tokenFile)),
    ...(tls === undefined ? [] : problemsOfServerTls(tls)),
    ...(isLoopback(addr) || tokenFile !== undefined || tls?.ca !== undefined
      ? []
      : [
          `--addr ${addr}: readers from other machines must show who they are; give --token-file, or --tls.cert, --tls.key and --tls.ca`,
        ]),
    ...(haproxyPort === undefined || isLoopback(addr) || tokenFile !== undefined
      ? []
      : [
          `--haproxy-port ${haproxyPort}: HAProxy's checks know no TLS, so that on ${addr} they need --token-file`,
        ]),
    ...(push === undefined ? [] : problemsOfPush(push)),
  ]
}

/** True for addresses that only this machine reaches. */
export function isLoopback(addr: string): boolean {
  return addr === 'localhost' || addr === '::1' || /^127(\.\d{1,3}){3}$/.test(addr)
}

function tlsOf(flags: ReachFlags, prefix: '' | 'push.'): TlsFiles | undefined {
  const given = tlsNames.flatMap((name) => {
    const file = flags[`${prefix}tls.${name}`]
    return file === undefined ? [] : [[name, file] as const]
  })
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

function pushOf(flags: ReachFlags, problems: string[]): PushConfig | undefined {
  const { push: texts = [] } = flags
  const tokenFile = flags['push.tokenFile']
  const tls = tlsOf(flags, 'push.')
  if (texts.length === 0) {
    if (tokenFile !== undefined) problems.push('--push.token-file: means nothing without --push')
    if (tls !== undefined) problems.push('--push.tls: means nothing without --push')
    return undefined
  }
  const urls = texts.flatMap((text) => {
    const url = URL.parse(text)
    if (url !== null && /^https?:$/.test(url.protocol) && url.username === '') return url
    const example = 'http://10.0.0.1:8550'
    problems.push(`--push ${text}: want the address of a proxy's admin port, as ${example}`)
    return []
  })
  return { urls, ...(tokenFile !== undefined && { tokenFile }), ...(tls !== undefined && { tls }) }
}

function problemsOfServerTls(tls: TlsFiles): readonly string[] {
  if (tls.cert !== undefined || tls.key !== undefined) return problemsOfTls('--tls', tls)
  return ['--tls.ca: needs --tls.cert and --tls.key, by which readers know this agent']
}

function problemsOfPush({ urls, tokenFile, tls }: PushConfig): readonly string[] {
  const hrefs = urls.map(({ href }) => href)
  const twice = new Set(hrefs.filter((href, i) => hrefs.indexOf(href) !== i))
  const plain = urls.filter(({ protocol }) => tls !== undefined && protocol !== 'https:')
  return [
    ...(tokenFile === undefined ? [] : problemsOfTokenFile('--push.token-file', tokenFile)),
    ...(tls === undefined ? [] : problemsOfTls('--push.tls', tls)),
    ...(urls.length > maxPushes ? [`--push: at most ${maxPushes} proxies`] : []),
    ...[...twice].map((href) => `--push ${href}: given more than once`),
    ...plain.map(
      ({ href }) => `--push ${href}: is not https, so that --push.tls would not be used`,
    ),
  ]
}

/** Those to whom a push would show its token where others could read it. */
export function tokenInClear({ urls, tokenFile }: PushConfig): readonly URL[] {
  if (tokenFile === undefined) return []
  return urls.filter(({ protocol, hostname }) => {
    return protocol !== 'https:' && !isLoopback(hostname.replace(/^\[|\]$/g, ''))
  })
}

function problemsOfTokenFile(flag: string, file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').trim() === '' ? [`${flag} ${file}: is empty`] : []
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? error.code : error
    return [`${flag} ${file}: cannot be read (${why})`]
  }
}
