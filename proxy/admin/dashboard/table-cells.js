/** Rows and cells of the tables of what was called and sent. */
import { unknown } from './format.js'

/** A row of cells, in order. */
export function row(...cells) {
  const element = document.createElement('tr')
  element.append(...cells)
  return element
}

/** A cell; its label stands before it where the screen has no room for columns. */
export function cell(label, ...content) {
  const element = document.createElement('td')
  element.dataset.label = label
  element.append(...content)
  return element
}

/** The same for a number, which stands on the right. */
export function number(label, ...content) {
  const element = cell(label, ...content)
  element.className = 'number'
  return element
}

/** A hash or address: its ends are shown, the whole is its title and what a copy takes. */
export function code(hex) {
  const element = text('code', `${hex.slice(0, 8)}…${hex.slice(-6)}`)
  element.title = hex
  element.addEventListener('copy', (event) => {
    event.clipboardData.setData('text/plain', hex)
    event.preventDefault()
  })
  return element
}

/** A word with the colour of what it means: `well`, `held` or `ill`. */
export function mark(word, is) {
  const element = text('span', word)
  element.className = 'health'
  element.dataset.is = is
  return element
}

export function small(content) {
  const element = text('span', content)
  element.className = 'muted small'
  return element
}

/** A moment in the words of the reader's clock; an en dash where there was none. */
export function time(iso) {
  if (iso === null) return unknown
  const element = text('time', new Date(iso).toLocaleString('en-GB'))
  element.dateTime = iso
  element.title = iso
  return element
}

/** An element with a text in it. */
export function text(name, content) {
  const element = document.createElement(name)
  element.textContent = content
  return element
}
