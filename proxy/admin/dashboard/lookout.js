/** Keeps a page of tables up to date. */
import { sayConnection, tokenNeeded } from './connection.js'
import { setText } from './format.js'
import { TokenNeeded } from './stream.js'

const lookEveryMs = 2000

/** Looks again and again for what a page shows, and says how that goes. */
export class Lookout {
  #read
  #show
  /** Counts the looks: what an older one found is not shown. */
  #looks = 0

  /**
   * @param read resolves with what is there now; {@link ask} may throw in it
   * @param show shows what was read last
   */
  constructor(read, show) {
    this.#read = read
    this.#show = show
  }

  /** Never ends. */
  async keepLooking() {
    for (;;) {
      await this.look()
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
    }
  }

  /** Looks now, and shows what there is or what is wrong. */
  async look() {
    this.#looks += 1
    const mine = this.#looks
    try {
      const found = await this.#read()
      if (mine !== this.#looks) return
      say('live', 'well')
      document.getElementById('wrong').hidden = true
      this.#show(found)
    } catch (error) {
      if (error instanceof TokenNeeded) {
        await tokenNeeded()
        await this.look()
      } else if (error instanceof TypeError) say('lost', 'ill')
      else showWrong(error.message)
    }
  }
}

/** Says what is wrong above the table. */
export function showWrong(words) {
  const wrong = document.getElementById('wrong')
  wrong.textContent = words
  wrong.hidden = false
}

function say(words, is) {
  sayConnection(words, is)
  const banner = document.getElementById('banner')
  banner.hidden = words !== 'lost'
  setText(banner, 'No connection to the proxy. What you see is old. Trying again.')
}
