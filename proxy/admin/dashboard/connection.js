/** How a page stands with the port, in words at its top. */
import { setText } from './format.js'
import { askForToken } from './token-dialog.js'

/** @param is the colour of what it means: `well` or `ill` */
export function sayConnection(words, is) {
  const stream = document.getElementById('stream')
  setText(stream, words)
  stream.dataset.is = is
}

/** Says that a token is needed and asks for it; resolves when one was given. */
export function tokenNeeded() {
  sayConnection('token needed', 'ill')
  return askForToken()
}
