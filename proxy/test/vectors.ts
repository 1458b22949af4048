import { existsSync, globSync, readFileSync } from 'node:fs'

/** One call of a vector and the answer recorded for it, to the byte, both with the id 1. */
export type Round = {
  readonly method: string
  /** What stands behind the method in a request: `}`, or the params as well. */
  readonly rest: string
  readonly request: string
  readonly answer: string
}

/** One file: rounds in the order in which they were made. */
export type Vector = { readonly name: string; readonly rounds: readonly Round[] }

const folder = new URL('../../../shared/data/execution-apis/', import.meta.url)

/** Why there are no vectors, or false. */
export const withoutVectors = existsSync(folder)
  ? false
  : 'the vectors of execution-apis are not on this machine'

const requestForm = /^\{"jsonrpc":"2\.0","id":\d+,"method":"(\w+)"(.*)$/s
const answerForm = /^\{"jsonrpc":"2\.0","id":\d+,/

/**
 * All vectors of ethereum/execution-apis that are on this machine, by name.
 * @throws Error when one of them is not in the form of which their bytes are known
 */
export function loadVectors(): readonly Vector[] {
  if (withoutVectors !== false) return []
  return globSync('*/*.io', { cwd: folder })
    .sort()
    .map((file) => {
      const lines = readFileSync(new URL(file, folder), 'utf8').split('\n')
      const requests = lines.filter((line) => line.startsWith('>> ')).map((line) => line.slice(3))
      const answers = lines.filter((line) => line.startsWith('<< ')).map((line) => line.slice(3))
      if (requests.length === 0 || requests.length !== answers.length) throw new Error(file)
      return {
        name: file,
        rounds: requests.map((request, i) => roundOf(request, answers[i] ?? '')),
      }
    })
}

function roundOf(request: string, answer: string): Round {
  const [, method = '', rest = ''] = requestForm.exec(request) ?? []
  if (method === '' || !answerForm.test(answer)) throw new Error(`not in form: ${request}`)
  return {
    method,
    rest,
    request: `{"jsonrpc":"2.0","id":1,"method":"${method}"${rest}`,
    answer: withId(answer, 1),
  }
}

/** An answer in the form of Geth, with another id. */
export function withId(answer: string, id: number): string {
  return answer.replace(answerForm, `{"jsonrpc":"2.0","id":${id},`)
}
