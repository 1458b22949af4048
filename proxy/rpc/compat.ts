/** Where releases of Geth differ in what its servers say, and not its methods. */
export type Compat = {
  /** Answers over HTTP and messages over WebSocket end with a newline; long ones are not counted. */
  readonly endsLines: boolean
  /** A method's name is looked at for its length. */
  readonly limitsNames: boolean
  /** A WebSocket is closed with a close frame, 1000; else it just ends. */
  readonly saysGoodbye: boolean
  /** HTTP/2 without TLS is spoken with who begins with it. */
  readonly speaksHttp2: boolean
  /** The Host header is compared whatever its case. */
  readonly foldsHosts: boolean
  /** A WebSocket on another path is refused with 404; else with an empty 200. */
  readonly refusesPaths: boolean
}

/** The release that is spoken unless another is named. */
export const latestGeth = '1.17.5'

/** Before it, more differs than is known here. */
export const oldestGeth = '1.15.0'

export const latestCompat: Compat = {
  endsLines: false,
  limitsNames: true,
  saysGoodbye: true,
  speaksHttp2: true,
  foldsHosts: true,
  refusesPaths: true,
}

/** How a release of Geth speaks, such as `1.17.3`; null for what is none from oldest to latest. */
export function compatOf(release: string): Compat | null {
  const parsed = ordinal(release)
  if (parsed === null || parsed < of(oldestGeth) || parsed > of(latestGeth)) return null
  const since = (first: string): boolean => parsed >= of(first)
  return {
    endsLines: !since('1.17.4'),
    limitsNames: since('1.16.0'),
    saysGoodbye: since('1.17.3'),
    speaksHttp2: since('1.17.0'),
    foldsHosts: since('1.17.4'),
    refusesPaths: since('1.17.4'),
  }
}

/** A number that grows with the release, or null for what is no release. */
function ordinal(release: string): number | null {
  const [, major, minor, patch] = /^v?(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(release) ?? []
  if (major === undefined) return null
  return (Number(major) * 1_000 + Number(minor)) * 1_000 + Number(patch)
}

function of(release: string): number {
  return ordinal(release) ?? Number.NaN
}
