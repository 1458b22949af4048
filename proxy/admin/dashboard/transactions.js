/** The page of what was sent through the proxy, and of the blocks that were served. */
import { amount, percent, setText, unknown } from './format.js'
import { ask, TokenNeeded } from './stream.js'
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
    cell('State', mark(state), small(where)),
    cell('Sender', code(sender)),
    cell('Nonce', nonce),
    cell('Receiver', to === null ? small('new contract') : code(to)),
    cell('Accepted', time(acceptedAt)),
    cell('Node', node),
    cell('Offers', amount(offers)),
  )
}

function showBlocks({ blocks, reorganisations }) {
  setText(byId('reorganisations'), amount(reorganisations))
  setText(byId('last-block'), blocks[0]?.number.toLocaleString('en') ?? unknown)
  byId('blocks').replaceChildren(...blocks.slice(0, blocksShown).map(blockRow))
}

function blockRow({ number, hash, timeMs, transactions, gasUsed, gasLimit, seenOn, isOrphaned }) {
  const isFull = gasUsed !== null && gasLimit > 0
  const gas = isFull ? `${amount(gasUsed)} (${percent(gasUsed / gasLimit)})` : unknown
  const numbered = text('strong', number.toLocaleString('en'))
  return row(
    cell('Block', numbered, isOrphaned ? mark('orphaned') : '', code(hash)),
    cell('Time', timeMs === null ? unknown : time(new Date(timeMs).toISOString())),
    cell('Transactions', transactions === null ? unknown : amount(transactions)),
    cell('Gas used', gas),
    cell('Seen on', seenOn ?? unknown),
  )
}

function row(...cells) {
  const element = document.createElement('tr')
  element.append(...cells)
  return element
}

function cell(label, ...content) {
  const element = document.createElement('td')
  element.dataset.label = label
  if (['Nonce', 'Offers', 'Transactions', 'Gas used'].includes(label)) element.className = 'number'
  element.append(...content)
  return element
}

/** A hash or address: its ends are shown, the whole is its title and what a copy takes. */
function code(hex) {
  const element = text('code', `${hex.slice(0, 8)}…${hex.slice(-6)}`)
  element.title = hex
  element.addEventListener('copy', (event) => {
    event.clipboardData.setData('text/plain', hex)
    event.preventDefault()
  })
  return element
}

function mark(state) {
  const element = text('span', state)
  element.className = 'health'
  element.dataset.is = meaning[state] ?? 'ill'
  return element
}

function small(content) {
  const element = text('span', content)
  element.className = 'muted small'
  return element
}

function time(iso) {
  const element = text('time', new Date(iso).toLocaleString('en-GB'))
  element.dateTime = iso
  element.title = iso
  return element
}

function text(name, content) {
  const element = document.createElement(name)
  element.textContent = content
  return element
}

/** Asked for here and not by a link, which cannot carry the token. */
async function save(format) {
  try {
    const answer = await ask(`/api/transactions?${query(rowsPerFile, format)}`)
    const link = document.createElement('a')
    link.href = URL.createObjectURL(await answer.blob())
    link.download = `transactions.${format}`
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), lookEveryMs)
  } catch (error) {
    showWrong(error.message)
  }
}
