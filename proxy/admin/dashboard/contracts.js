/** The page of the contracts that were called through the proxy. */
import { amount, duration, percent, setText, unknown } from './format.js'
import { Lookout, showWrong } from './lookout.js'
import { offerToSave } from './save.js'
import { ask } from './stream.js'
import { cell, code, mark, number, row, small, text, time } from './table-cells.js'

/** What comes first, by the order that was chosen: the larger. */
const ranks = {
  calls: ({ calls }) => calls,
  errors: ({ errors, reverted }) => errors + reverted,
  gas: ({ gasUsed }) => gasUsed,
  slowest: ({ responseMs }) => responseMs?.mean ?? 0,
  latest: ({ lastAt }) => (lastAt === null ? 0 : Date.parse(lastAt)),
}

const byId = (id) => document.getElementById(id)
const filters = byId('filters')

/** What came last; shown anew when order or filter change. */
let contracts = []

filters.addEventListener('submit', (event) => event.preventDefault())
filters.addEventListener('input', show)
// All of it, whatever is shown.
offerToSave('contracts', (format) => `/api/contracts?format=${format}`, showWrong)
await new Lookout(read, (found) => {
  contracts = found
  show()
}).keepLooking()

async function read() {
  const answer = await ask('/api/contracts')
  return (await answer.json()).contracts
}

function show() {
  const { order, find } = Object.fromEntries(new FormData(filters))
  showFigures()
  const rank = ranks[order]
  const first = (one, another) => rank(another) - rank(one)
  const shown = contracts.map((contract) => found(contract, find.trim().toLowerCase()))
  const bodies = shown
    .filter(({ functions }) => functions.length > 0)
    .sort((one, another) => isRest(one) - isRest(another) || first(one, another))
    .map((contract) => body(contract, contract.functions.toSorted(first)))
  for (const old of document.querySelectorAll('#rows tbody')) old.remove()
  byId('rows').append(...bodies)
  byId('none').hidden = bodies.length > 0
  setText(
    byId('none'),
    contracts.length > 0 ? 'No contract or function is called so.' : 'No contract was called yet.',
  )
}

/** What has no room of its own stands last, whatever the order. */
function isRest({ contract }) {
  return Number(contract === 'other')
}

/** The contract with those of its functions that are looked for: all of them if it is itself. */
function found(contract, sought) {
  const has = (words) => words?.toLowerCase().includes(sought) === true
  if (has(contract.contract) || has(contract.name)) return contract
  const functions = contract.functions.filter(
    ({ selector, signature }) => has(selector) || has(signature),
  )
  return { ...contract, functions }
}

function showFigures() {
  const sum = (of) => contracts.reduce((total, contract) => total + of(contract), 0)
  const [calls, errors] = [sum((of) => of.calls), sum((of) => of.errors + of.reverted)]
  setText(byId('count'), amount(contracts.filter(({ contract }) => contract !== 'other').length))
  setText(byId('calls'), amount(calls))
  setText(byId('errors'), errors === 0 ? 'none' : share(errors, calls))
  byId('errors').dataset.is = errors === 0 ? '' : 'ill'
  setText(byId('gas'), large(sum((of) => of.gasUsed)))
}

function body(contract, functions) {
  const element = document.createElement('tbody')
  const head = row(title(contract), ...figures(contract))
  head.className = 'contract'
  const rows = functions.map((of) => {
    const line = row(cell('Function', ...named(of)), ...figures(of))
    line.className = 'function'
    return line
  })
  // The rest is one function, which says no more than its contract.
  element.append(head, ...(contract.contract === 'other' ? [] : rows))
  return element
}

function title({ contract, name }) {
  const element = document.createElement('th')
  element.scope = 'rowgroup'
  if (contract === 'other') {
    element.append('all others ', small('not called for long'))
  } else {
    if (name !== null) element.append(text('strong', name))
    element.append(code(contract))
  }
  return element
}

function named({ selector, signature }) {
  if (selector === 'constructor') return ['deployed']
  if (signature === null) return [text('code', selector)]
  const [, name, types] = /^([^(]*)(.*)$/.exec(signature)
  const element = text('span', name)
  element.title = `${signature}, ${selector}`
  return [element, small(types)]
}

function figures({ calls, transactions, errors, reverted, gasUsed, gasKnown, responseMs, lastAt }) {
  const range = responseMs && `${duration(responseMs.min)} – ${duration(responseMs.max)}`
  return [
    number('Calls', amount(calls)),
    number('Transactions', transactions === 0 ? unknown : amount(transactions)),
    number('Errors', errors === 0 ? unknown : mark(share(errors, calls), 'ill')),
    number('Reverted', reverted === 0 ? unknown : mark(share(reverted, gasKnown), 'ill')),
    number('Gas used', gasKnown === 0 ? unknown : large(gasUsed)),
    number('Gas each', gasKnown === 0 ? unknown : amount(gasUsed / gasKnown)),
    number('Response', responseMs === null ? unknown : duration(responseMs.mean)),
    number('Min – max', range ?? unknown),
    cell('Last call', time(lastAt)),
  ]
}

/** `12 (3 %)` */
function share(some, all) {
  if (some === 0 || all === 0) return amount(some)
  return `${amount(some)} (${some / all < 0.005 ? '< 1 %' : percent(some / all)})`
}

/** Gas grows: from a million on it is Mgas, from a billion on Ggas. */
function large(gas) {
  if (gas >= 1e9) return `${(gas / 1e9).toFixed(2)} G`
  return gas >= 1e6 ? `${(gas / 1e6).toFixed(2)} M` : amount(gas)
}
