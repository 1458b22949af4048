/** What changed while the page was open, newest first. */

const maxEntries = 50

export class EventLog {
  #list
  #before = null

  constructor(list) {
    this.#list = list
    this.say('Page opened')
  }

  /** Writes down how this snapshot differs from the one before. */
  update(snapshot) {
    const before = this.#before
    this.#before = snapshot
    if (before === null) return
    if (before.strategy !== snapshot.strategy) this.say(`Strategy is now ${snapshot.strategy}`)
    if (before.uptimeSeconds > snapshot.uptimeSeconds) this.say('The proxy was started again')
    if (before.ready !== snapshot.ready) {
      if (snapshot.ready) this.say('The fleet can serve again', 'well')
      else this.say('No node can serve', 'ill')
    }
    for (const node of snapshot.nodes) {
      const had = before.nodes.find((each) => each.id === node.id)
      if (had) this.#compare(had, node)
      else this.say(`${node.id} joined the fleet`)
    }
    for (const { id } of before.nodes) {
      if (!snapshot.nodes.some((node) => node.id === id)) this.say(`${id} left the fleet`)
    }
  }

  /** Adds an entry; `is` is `well`, `ill` or nothing. */
  say(text, is = '') {
    const entry = document.createElement('li')
    const time = document.createElement('time')
    const now = new Date()
    time.dateTime = now.toISOString()
    time.textContent = now.toLocaleTimeString(undefined, { timeStyle: 'medium', hour12: false })
    const said = document.createElement('span')
    said.textContent = text
    said.dataset.is = is
    entry.append(time, said)
    this.#list.prepend(entry)
    while (this.#list.children.length > maxEntries) this.#list.lastChild.remove()
  }

  #compare(had, node) {
    const { id, reason } = node
    if (had.health !== node.health) {
      if (node.health === 'up') this.say(`${id} is up`, 'well')
      else this.say(`${id} is ${node.health}${reason ? `: ${reason}` : ''}`, 'ill')
    }
    if (had.breaker !== node.breaker) {
      this.say(`${id}: breaker ${node.breaker}`, node.breaker === 'closed' ? 'well' : 'ill')
    }
    if (had.draining !== node.draining)
      this.say(`${id} ${node.draining ? 'drains' : 'takes calls again'}`)
  }
}
