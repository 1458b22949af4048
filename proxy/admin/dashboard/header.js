/** The line on top: what the fleet is doing, and the choice of strategy. */
import { amount, percent, setText, unknown, uptime } from './format.js'

export class Header {
  #by
  #names = ''

  /** @param choose called with the name of a strategy when one is chosen */
  constructor(byId, choose) {
    this.#by = byId
    byId('strategy').addEventListener('change', (event) => choose(event.target.value))
  }

  update(snapshot, history) {
    const rates = history.rates()
    setText(this.#by('version'), snapshot.version)
    this.#say('ready', snapshot.ready ? 'ready' : 'no node', snapshot.ready ? 'well' : 'ill')
    this.#say('rate', rates === null ? unknown : amount(rates[0]))
    this.#sayFailed(rates)
    this.#say('in-flight', amount(snapshot.nodes.reduce((sum, node) => sum + node.inFlight, 0)))
    this.#say('head', snapshot.head === null ? unknown : snapshot.head.toLocaleString('en'))
    this.#by('head').title = snapshot.chainId === null ? '' : `chain ${Number(snapshot.chainId)}`
    this.#say('uptime', uptime(snapshot.uptimeSeconds))
    this.#offer(snapshot)
  }

  /** Shows the strategy in force again, after a choice that was refused. */
  showStrategy(name) {
    this.#by('strategy').value = name
  }

  #sayFailed(rates) {
    if (rates === null) this.#say('failed', unknown)
    else if (rates[1] === 0) this.#say('failed', 'none')
    else this.#say('failed', share(rates[1] / rates[0]), 'ill')
  }

  #say(id, text, is = '') {
    setText(this.#by(id), text)
    this.#by(id).dataset.is = is
  }

  #offer({ strategies, strategy }) {
    const select = this.#by('strategy')
    if (this.#names !== strategies.join()) {
      this.#names = strategies.join()
      select.replaceChildren(...strategies.map((name) => new Option(name)))
      select.disabled = false
    }
    if (document.activeElement !== select) select.value = strategy
  }
}

function share(failed) {
  return failed < 0.01 ? '< 1 %' : percent(failed)
}
