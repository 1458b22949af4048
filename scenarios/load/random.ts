/** Numbers in [0, 1), 2⁻³² apart. */
export type Random = () => number

/**
 * A stream of chance that a seed and a name pick out: the same for the same pair, unrelated for
 * different ones. Arrivals, arguments, order and resampling each draw from a stream of their own, so
 * that one more draw in one of them leaves the others as they were.
 *
 * @param seed a whole number, 0 to 2⁵³ − 1
 * @see sfc32 of Chris Doty-Humphrey's PractRand: 128 bits of state, period at least 2³².
 */
export function randomStream(seed: number, name: string): Random {
  let [a, b, c] = scatter(`${seed}/${name}`)
  let counter = 1
  const next = (): number => {
    const out = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + out
    return (out >>> 0) / 2 ** 32
  }
  // sfc32 needs about a dozen rounds until near seeds stand far apart.
  for (let round = 0; round < 16; round += 1) next()
  return next
}

/** The items in an order drawn from `random`, each order as likely as any other (Fisher–Yates). */
export function shuffled<Item>(items: readonly Item[], random: Random): readonly Item[] {
  const left = [...items]
  const order: Item[] = []
  while (left.length > 0) order.push(...left.splice(Math.floor(random() * left.length), 1))
  return order
}

/** A draw from the standard normal distribution (Box and Muller, 1958). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

/** Three 32-bit words from a text: FNV-1a with three offsets. */
function scatter(text: string): [number, number, number] {
  const words: [number, number, number] = [0x811c9dc5, 0x2f0b4c47, 0x7ee3623b]
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i)
    words[0] = Math.imul(words[0] ^ code, 0x01000193)
    words[1] = Math.imul(words[1] ^ code, 0x01000193)
    words[2] = Math.imul(words[2] ^ code, 0x01000193)
  }
  return words
}
