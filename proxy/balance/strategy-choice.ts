import type { LoadMeter } from './meter.ts'
import {
  defaultStrategy,
  isStrategyName,
  type MeterOptions,
  type ObserverName,
  observerNames,
  type StrategyName,
  strategies,
  strategyNames,
} from './strategies.ts'

/**
 * Whether heavy calls wait for a node with room: `off`: never; `patient`: when the busy node is still the
 * better one; `on`: then, and for a while, unless many wait, where they would take the last node without
 * heavy calls from light ones; `when-busy`: only while every node has a call.
 */
export const holdModes = ['on', 'off', 'patient', 'when-busy'] as const
export type HoldMode = (typeof holdModes)[number]

/** A strategy with its parts switched. The parts mean something for `state-space` alone. */
export type StrategyChoice = {
  readonly name: StrategyName
  readonly hold: HoldMode
  readonly observer: ObserverName
}

export const defaultChoice: StrategyChoice = { name: defaultStrategy, hold: 'on', observer: 'auto' }

/** The meter of one node under `choice`. */
export function meterOf(
  { name, observer }: StrategyChoice,
  options: Omit<MeterOptions, 'observer'>,
): LoadMeter {
  return strategies[name].meter({ ...options, observer })
}

/** What cannot be chosen, in words. */
export class StrategyError extends Error {
  override readonly name = 'StrategyError'
}

/**
 * A choice from what people write: a name, a name with its parts (`state-space:hold=off`,
 * `state-space:hold=when-busy:observer=quota`), or an object of `name`, `hold` and `observer`.
 * @throws StrategyError
 */
export function parseStrategy(value: unknown): StrategyChoice {
  if (typeof value === 'string') return parseText(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new StrategyError('want a name, or {name, hold, observer}')
  }
  const { name = defaultStrategy, ...parts } = value as Record<string, unknown>
  if (typeof name !== 'string') throw new StrategyError('want the name to be a text')
  return Object.entries(parts).reduce(withPart, parseText(name))
}

/** The choice as people write it: parts that are as they always are stay unsaid. */
export function strategyText({ name, hold, observer }: StrategyChoice): string {
  const parts = [
    ...(hold === defaultChoice.hold ? [] : [`:hold=${hold}`]),
    ...(observer === defaultChoice.observer ? [] : [`:observer=${observer}`]),
  ]
  return name + parts.join('')
}

function parseText(text: string): StrategyChoice {
  const [name = '', ...parts] = text.split(':')
  if (!isStrategyName(name)) {
    throw new StrategyError(
      `no strategy ${JSON.stringify(name)}; there is ${strategyNames.join(', ')}`,
    )
  }
  return parts.reduce<StrategyChoice>(
    (choice, part) => {
      const [key = '', value] = part.split('=', 2)
      return withPart(choice, [key, value])
    },
    { ...defaultChoice, name },
  )
}

function withPart(choice: StrategyChoice, [key, value]: [string, unknown]): StrategyChoice {
  if (choice.name !== 'state-space') {
    throw new StrategyError(`${choice.name} has no part ${JSON.stringify(key)}`)
  }
  switch (key) {
    case 'hold':
      return { ...choice, hold: oneOf(holdModes, key, inWords(value)) }
    case 'observer':
      return { ...choice, observer: oneOf(observerNames, key, value) }
    default:
      throw new StrategyError(`no part ${JSON.stringify(key)}; there is hold, observer`)
  }
}

/** YAML of old reads `on` and `off` as truth. */
function inWords(value: unknown): unknown {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : value
}

function oneOf<Name extends string>(names: readonly Name[], key: string, value: unknown): Name {
  const found = names.find((name) => name === value)
  if (found === undefined) throw new StrategyError(`${key}: want one of ${names.join(', ')}`)
  return found
}
