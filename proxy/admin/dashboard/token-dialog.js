/** The dialog that asks for the port's token. */
import { hasToken, keepToken } from './stream.js'

/** The name is for password managers, which keep nothing without one. */
const markup = `
  <dialog id="token-dialog" aria-labelledby="token-title">
    <form id="token-form" method="dialog">
      <h2 id="token-title">This port asks for its token</h2>
      <p class="muted">The one that Equipoise was started with. It stays in this tab.</p>
      <p id="token-wrong" class="wrong" role="alert" hidden>That token is not accepted.</p>
      <input class="hidden" value="equipoise" autocomplete="username" tabindex="-1" aria-hidden="true" readonly>
      <label for="token">Token</label>
      <input id="token" type="password" autocomplete="current-password" required>
      <button type="submit">Open</button>
    </form>
  </dialog>`

document.body.insertAdjacentHTML('beforeend', markup)

const [dialog, form, wrong, token] = ['token-dialog', 'token-form', 'token-wrong', 'token'].map(
  (id) => document.getElementById(id),
)

/** Shows the dialog until a token is given; whether it is right shows at the next request. */
export function askForToken() {
  wrong.hidden = !hasToken()
  dialog.showModal()
  return new Promise((resolve) => {
    form.addEventListener(
      'submit',
      (event) => {
        event.preventDefault()
        keepToken(token.value)
        token.value = ''
        dialog.close()
        resolve()
      },
      { once: true },
    )
  })
}
