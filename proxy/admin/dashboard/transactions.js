/** The page of what was sent through the proxy, and of the blocks that were served. */
import { amount, percent, setText, unknown } from './format.js'
import { Lookout, showWrong } from './lookout.js'
import { offerToSave } from './save.js'
import { ask } from './stream.js'
import { cell, code, mark, number, row, small, text, time } from './table-cells.js'

const rowsPerPage = 50
const rowsPerFile = 10_000
const blocksShown = 20

/** How a state is shown: with the colour of what it means. */
const meaning = { pending: 'held', mined: 'well', replaced: 'ill', dropped: 'ill' }

const byId = (id) => document.getElementById(id)

/** Shown are those that came before this one; null shows the newest. */
let before = null
let next = null

const lookout = new Lookout(read, ([page, log]) => {
  showTransactions(page)
  showBlocks(log)
})

byId('filters').addEventListener('submit', (event) => {
  event.preventDefault()
  void turnTo(null)
})
byId('older').addEventListener('click', () => turnTo(next))
byId('newest').addEventListener('click', () => turnTo(null))
offerToSave(
  'transactions',
  (format) => `/api/transactions?${query(rowsPerFile, format)}`,
  showWrong,
)
await lookout.keepLooking()

function turnTo(hash) {
  before = hash
  return lookout.look()
}

/** The page and the blocks. */
function read() {
  return Promise.all([
    ask(`/api/transactions?${query(rowsPerPage)}`).then((answer) => answer.json()),
    ask('/api/blocks').then((answer) => answer.json()),
  ])
}

function query(limit, format = 'json') {
  const params = new URLSearchParams({ limit, format })
  for (const [name, value] of new FormData(byId('filters'))) {
    if (value.trim() !== '') params.set(name, value.trim())
  }
  if (before !== null) params.set('before', before)
  return params
}

function showTransactions({ total, pending, transactions, next: behind }) {
  next = behind
  setText(byId('pending'), amount(pending))
  byId('pending').dataset.is = pending > 0 ? 'held' : ''
  setText(byId('total'), amount(total))
  byId('rows').replaceChildren(...transactions.map(transactionRow))
  byId('none').hidden = transactions.length > 0
  byId('older').hidden = behind === null
  byId('newest').hidden = before === null
}

function transactionRow({
  hash,
  state,
  block,
  reason,
  sender,
  nonce,
  to,
  acceptedAt,
  node,
  offers,
}) {
  const where = block === null ? (reason ?? '') : `block ${block.toLocaleString('en')}`
  return row(
    cell('Transaction', code(hash)),
    cell('State', mark(state, meaning[state]), small(where)),
    cell('Sender', code(sender)),
    number('Nonce', nonce),
    cell('Receiver', to === null ? small('new contract') : code(to)),
    cell('Accepted', time(acceptedAt)),
    cell('Node', node),
    number('Offers', amount(offers)),
  )
}

function showBlocks({ blocks, reorganisations }) {
  setText(byId('reorganisations'), amount(reorganisations))
  setText(byId('last-block'), blocks[0]?.number.toLocaleString('en') ?? unknown)
  byId('blocks').replaceChildren(...blocks.slice(0, blocksShown).map(blockRow))
}

function blockRow({
  number: height,
  hash,
  timeMs,
  transactions,
  gasUsed,
  gasLimit,
  seenOn,
  isOrphaned,
}) {
  const isFull = gasUsed !== null && gasLimit > 0
  const gas = isFull ? `${amount(gasUsed)} (${percent(gasUsed / gasLimit)})` : unknown
  const numbered = text('strong', height.toLocaleString('en'))
  return row(
    cell('Block', numbered, isOrphaned ? mark('orphaned', 'ill') : '', code(hash)),
    cell('Time', timeMs === null ? unknown : time(new Date(timeMs).toISOString())),
    number('Transactions', transactions === null ? unknown : amount(transactions)),
    number('Gas used', gas),
    cell('Seen on', seenOn ?? unknown),
  )
}
