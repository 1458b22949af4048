import type { StubAnswer, StubCall, StubNode } from './stub-node.ts'

/** Lets a node serve the methods with which Geth tests its own server (go-ethereum/rpc/testservice_test.go). */
export function serveTestService(node: StubNode): void {
  node.on('test_echo', echo)
  node.on('test_null', () => ({ result: null }))
  node.on('test_noArgsRets', () => ({ result: null }))
  node.on('test_sleep', () => 'hold')
  node.on('test_returnError', () => ({
    error: { code: 444, message: 'testError', data: 'testError data' },
  }))
  node.on('test_Echo', ({ method }) => ({
    error: { code: -32601, message: `the method ${method} does not exist/is not available` },
  }))
}

function echo({ params }: StubCall): StubAnswer {
  if (!Array.isArray(params)) return wrong('non-array args')
  if (params.length > 3) return wrong('too many arguments, want at most 3')
  const [text, int, args = null]: unknown[] = params
  if (text === undefined) return wrong('missing value for required argument 0')
  if (int === undefined) return wrong('missing value for required argument 1')
  return { result: { String: text, Int: int, Args: args } }
}

function wrong(message: string): StubAnswer {
  return { error: { code: -32602, message } }
}
