/** The dialog that asks for the port's token. */
import { hasToken, keepToken } from './stream.js'

/** Shows the dialog until a token is given; whether it is right shows at the next request. */
export function askForToken(byId) {
  byId('token-wrong').hidden = !hasToken()
  byId('token-dialog').showModal()
  return new Promise((resolve) => {
    byId('token-form').addEventListener(
      'submit',
      (event) => {
        event.preventDefault()
        keepToken(byId('token').value)
        byId('token').value = ''
        byId('token-dialog').close()
        resolve()
      },
      { once: true },
    )
  })
}
