/** Names for where there is little room: what tells the nodes apart, and no more. */

/** A name up to so many characters is short enough. */
const enough = 14

/**
 * A short name for each id: without the end that all of them share, and cut at the front where a
 * word begins. `mainnet-geth-6.europe-west` and its like become `geth-6`. The ids themselves where
 * they are short already, or where the short ones would not differ.
 */
export function shortNames(ids) {
  const sharedEnd = ids.length > 1 ? sharedLength(ids.map(reversed)) : 0
  const short = ids.map((id) => lastWords(id.slice(0, id.length - sharedEnd)) || id)
  const isShortEnough = ids.every((id) => id.length <= enough)
  const differ = new Set(short).size === ids.length
  return new Map(ids.map((id, i) => [id, isShortEnough || !differ ? id : short[i]]))
}

function sharedLength([first, ...others]) {
  let length = 0
  while (length < first.length && others.every((other) => other[length] === first[length]))
    length += 1
  return length
}

function reversed(text) {
  return Array.from(text).reverse().join('')
}

function lastWords(text) {
  if (text.length <= enough) return text
  const end = text.slice(-enough)
  const word = end.search(/[-_.:/]./)
  return word === -1 ? end : end.slice(word + 1)
}
