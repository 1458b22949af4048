/** The page of what was sent through the proxy, and of the blocks that were served. */
import { amount, percent, setText, unknown } from './format.js'
import { saveAs } from './save.js'
import { ask, TokenNeeded } from './stream.js'
import { cell, code, mark, number, row, small, text, time } from './table-cells.js'
import { askForToken } from './token-dialog.js'

const rowsPerPage = 50
const rowsPerFile = 10_000
const blocksShown = 20
const lookEveryMs = 2000

/** How a state is shown: with the colour of what it means. */
const meaning = { pending: 'held', mined: 'well', replaced: 'ill', dropped: 'ill' }

const byId = (id) => document.getElementById(id)

/** Shown are those that came before this one; null shows the newest. */
let before = null
/** Counts the questions: what comes to an older one is not shown. */
let asked = 0
let next = null

byId('filters').addEventListener('submit', (event) => {
  event.preventDefault()
  void turnTo(null)
})
byId('older').addEventListener('click', () => turnTo(next))
byId('newest').addEventListener('click', () => turnTo(null))
for (const button of document.querySelectorAll('[data-save]')) {
  button.addEventListener('click', () => save(button.dataset.save))
}
for (;;) {
  await look()
  await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
}

function turnTo(hash) {
  before = hash
  return look()
}

/** Asks for the page and the blocks, and shows what came or what is wrong. */
async function look() {
  asked += 1
  const mine = asked
  try {
    const [page, log] = await Promise.all([
      ask(`/api/transactions?${query(rowsPerPage)}`).then((answer) => answer.json()),
      ask('/api/blocks').then((answer) => answer.json()),
    ])
    if (mine !== asked) return
    say('live', 'well')
    byId('wrong').hidden = true
    showTransactions(page)
    showBlocks(log)
  } catch (error) {
    if (error instanceof TokenNeeded) {
      say('token needed', 'ill')
      await askForToken(byId)
      await look()
    } else if (error instanceof TypeError) say('lost', 'ill')
    else showWrong(error.message)
  }
}

function query(limit, format = 'json') {
  const params = new URLSearchParams({ limit, format })
  for (const [name, value] of new FormData(byId('filters'))) {
    if (value.trim() !== '') params.set(name, value.trim())
  }
  if (before !== null) params.set('before', before)
  return params
}

function say(text, is) {
  setText(byId('stream'), text)
  byId('stream').dataset.is = is
  byId('banner').hidden = text !== 'lost'
  setText(byId('banner'), 'No connection to the proxy. What you see is old. Trying again.')
}

function showWrong(text) {
  byId('wrong').textContent = text
  byId('wrong').hidden = false
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

async function save(format) {
  try {
    await saveAs(`transactions.${format}`, `/api/transactions?${query(rowsPerFile, format)}`)
  } catch (error) {
    showWrong(error.message)
  }
}
