import type { Contender } from '../contenders.ts'
import type { FlagReader } from '../flags.ts'
import { type CellSummary, conditionMeasures, figureOf } from './summary.ts'

/** `p99(state-space) > 1.05 * p99(least-connection)`: something that fails a run where it holds. */
export type Condition = {
  readonly text: string
  readonly left: Expression
  readonly comparison: Comparison
  readonly right: Expression
}

type Comparison = '>' | '>=' | '<' | '<='

type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | {
      readonly kind: 'figure'
      readonly measure: string
      readonly contender: string
      readonly label: string | null
    }
  | {
      readonly kind: 'operation'
      readonly operator: string
      readonly left: Expression
      readonly right: Expression
    }

/** What became of a condition in one cell; `holds` null: a figure in it is not known there. */
export type Outcome = {
  readonly left: number | null
  readonly right: number | null
  readonly holds: boolean | null
}

const compare: { readonly [name in Comparison]: (a: number, b: number) => boolean } = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
}

const operate: { readonly [name: string]: (a: number, b: number) => number } = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
}

const tokenPattern =
  /\s*(?:([\w.]+)\(\s*([^(),]+?)\s*(?:,\s*([^(),]+?)\s*)?\)|(\d+(?:\.\d+)?)|(>=|<=|[-+*/()<>]))/y

/**
 * Reads one `--fail-if`. Sums, products and parentheses of numbers and of `measure(contender)` or
 * `measure(contender, class)`, and one comparison between two of them.
 * @returns nothing when it was refused
 */
export function readCondition(
  text: string,
  contenders: readonly Contender[],
  read: FlagReader,
): readonly Condition[] {
  const refuse = (problem: string): readonly Condition[] => {
    read.refuse(`--fail-if '${text}': ${problem}`)
    return []
  }
  try {
    const parser = new Parser(text)
    const condition = parser.condition()
    for (const { measure, contender } of [
      ...figures(condition.left),
      ...figures(condition.right),
    ]) {
      if (!conditionMeasures.includes(measure)) {
        return refuse(`no measure ${measure}; there is ${conditionMeasures.join(', ')}`)
      }
      if (!contenders.some(({ name }) => name === contender)) {
        return refuse(`${contender} takes no part`)
      }
    }
    return [condition]
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return refuse(error.message)
  }
}

/** Works a condition out for one cell, from its figures (not from their intervals). */
export function evaluate({ left, comparison, right }: Condition, cell: CellSummary): Outcome {
  const [one, other] = [worked(left, cell), worked(right, cell)]
  const holds = one === null || other === null ? null : compare[comparison](one, other)
  return { left: one, right: other, holds }
}

function worked(expression: Expression, cell: CellSummary): number | null {
  if (expression.kind === 'number') return expression.value
  if (expression.kind === 'figure') {
    return figureOf(cell, expression.measure, expression.contender, expression.label)
  }
  const left = worked(expression.left, cell)
  const right = worked(expression.right, cell)
  return left === null || right === null
    ? null
    : (operate[expression.operator]?.(left, right) ?? null)
}

function figures(expression: Expression): readonly (Expression & { readonly kind: 'figure' })[] {
  if (expression.kind === 'number') return []
  if (expression.kind === 'figure') return [expression]
  return [...figures(expression.left), ...figures(expression.right)]
}

/** Recursive descent over the tokens. */
class Parser {
  readonly #text: string
  readonly #tokens: (string | Expression)[]

  constructor(text: string) {
    this.#text = text
    this.#tokens = tokensOf(text)
  }

  condition(): Condition {
    const left = this.#sum()
    const comparison = this.#tokens.shift()
    if (comparison !== '>' && comparison !== '>=' && comparison !== '<' && comparison !== '<=') {
      throw new SyntaxError('want one comparison, such as p99(a) > 1.05 * p99(b)')
    }
    const right = this.#sum()
    if (this.#tokens.length > 0) throw new SyntaxError('there is more after its end')
    return { text: this.#text, left, comparison, right }
  }

  #sum(): Expression {
    return this.#chain(['+', '-'], () => this.#chain(['*', '/'], () => this.#atom()))
  }

  #chain(operators: readonly string[], next: () => Expression): Expression {
    let left = next()
    for (;;) {
      const operator = this.#tokens[0]
      if (typeof operator !== 'string' || !operators.includes(operator)) return left
      this.#tokens.shift()
      left = { kind: 'operation', operator, left, right: next() }
    }
  }

  #atom(): Expression {
    const token = this.#tokens.shift()
    if (token === undefined) throw new SyntaxError('it ends too early')
    if (typeof token !== 'string') return token
    if (token !== '(') throw new SyntaxError(`want a number or measure(contender), not ${token}`)
    const inner = this.#sum()
    if (this.#tokens.shift() !== ')') throw new SyntaxError('a parenthesis is not closed')
    return inner
  }
}

function tokensOf(text: string): (string | Expression)[] {
  const tokens: (string | Expression)[] = []
  const trimmed = text.trim()
  tokenPattern.lastIndex = 0
  while (tokenPattern.lastIndex < trimmed.length) {
    const from = tokenPattern.lastIndex
    const found = tokenPattern.exec(trimmed)
    if (found === null) throw new SyntaxError(`not understood: ${trimmed.slice(from)}`)
    const [, measure, contender, label, number, operator] = found
    if (measure !== undefined && contender !== undefined) {
      tokens.push({ kind: 'figure', measure, contender, label: label ?? null })
    } else if (number !== undefined) tokens.push({ kind: 'number', value: Number(number) })
    else tokens.push(operator ?? '')
  }
  return tokens
}
