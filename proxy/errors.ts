/**
 * Every way the proxy itself can fail a call: one row a code, and the row is what the client sees,
 * in a JSON-RPC answer of HTTP status 200, as every outcome of Geth's (`rpc` is the error code,
 * `message` its words). `elsewhere` says whether another node may still answer, `blame` whether the
 * node is at fault. A test holds README's table of errors to this one.
 */
export const failures = {
  NO_UPSTREAM: { rpc: -32000, message: 'service unavailable', elsewhere: false, blame: false },
  OVERLOADED: { rpc: -32005, message: 'limit exceeded', elsewhere: false, blame: false },
  NODES_BEHIND: {
    rpc: -32000,
    message: 'head block not available yet',
    elsewhere: false,
    blame: false,
  },
  BEYOND_HEAD: {
    rpc: -32602,
    message: 'block range extends beyond current head block',
    elsewhere: false,
    blame: false,
  },
  MANY_DEV_NODES: {
    rpc: -32000,
    message: 'development methods change one node alone and need a proxy with one',
    elsewhere: false,
    blame: false,
  },
  UPSTREAM_UNREACHABLE: {
    rpc: -32603,
    message: 'service unavailable',
    elsewhere: true,
    blame: true,
  },
  UPSTREAM_NONSENSE: { rpc: -32603, message: 'service unavailable', elsewhere: true, blame: true },
  UPSTREAM_TOO_LARGE: {
    rpc: -32003,
    message: 'response too large',
    elsewhere: false,
    blame: false,
  },
  UPSTREAM_TIMEOUT: { rpc: -32002, message: 'request timed out', elsewhere: false, blame: true },
  WRITE_UNCERTAIN: {
    rpc: -32603,
    message: 'no answer: the call may or may not have taken effect',
    elsewhere: false,
    blame: false,
  },
  CANCELLED: { rpc: -32002, message: 'request cancelled', elsewhere: false, blame: false },
} as const satisfies Record<string, Failure>

type Failure = {
  readonly rpc: number
  readonly message: string
  readonly elsewhere: boolean
  readonly blame: boolean
}

export type FailureCode = keyof typeof failures

/** A failure of the proxy's own. What an upstream answered, error or not, is data and not thrown. */
export class ProxyError extends Error {
  override readonly name: string = 'ProxyError'
  readonly code: FailureCode

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  get failure(): Failure {
    return failures[this.code]
  }
}

/** One upstream gave one call no answer. `cause` is what the connection threw, if it threw. */
export class UpstreamError extends ProxyError {
  override readonly name = 'UpstreamError'
  readonly upstream: string
  /** True when not one byte of the call can have reached the node. */
  readonly unsent: boolean

  constructor(
    code: `UPSTREAM_${string}` & FailureCode,
    upstream: string,
    problem: string,
    options?: ErrorOptions & { readonly unsent?: boolean },
  ) {
    super(code, `${upstream}: ${problem}`, options)
    this.upstream = upstream
    this.unsent = options?.unsent ?? false
  }
}

/** Whether it says nothing of the node that was asked. */
export function isBlameless(error: unknown): boolean {
  return error instanceof UpstreamError && !error.failure.blame
}

/** The `error` member of a JSON-RPC answer. Tells the client nothing of the fleet behind the proxy. */
export function toRpcError(error: unknown): { code: number; message: string } {
  if (!(error instanceof ProxyError)) return { code: -32603, message: 'internal error' }
  return { code: error.failure.rpc, message: error.failure.message }
}
