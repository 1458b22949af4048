import type { Table } from '../report/table-form.ts'
import type { StepOutcome } from './trial.ts'

/** The paper's own table: calls, errors, gas and response times of each function. */
export function trialTable(contract: string, outcomes: readonly StepOutcome[]): Table {
  const names = [...new Set(outcomes.map(({ call }) => call))]
  return {
    title: contract,
    columns: ['function', 'calls', 'wrong', 'gas', 'min ms', 'mean ms', 'max ms'],
    rows: names.map((name) => {
      const own = outcomes.filter(({ call }) => call === name)
      const times = own.map(({ ms }) => ms)
      const gas = own.flatMap((each) => each.gas ?? [])
      return [
        name,
        String(own.length),
        String(own.filter(({ problem }) => problem !== null).length),
        gas.length === 0 ? '–' : mean(gas).toFixed(0),
        Math.min(...times).toFixed(1),
        mean(times).toFixed(1),
        Math.max(...times).toFixed(1),
      ]
    }),
    note: 'Of a transaction, until its receipt; gas is the mean of those that were mined.',
  }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
