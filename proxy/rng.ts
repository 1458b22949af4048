/** Where chance comes from: numbers in [0, 1), as `Math.random`, but the same for the same seed. */
export type Rng = () => number

/**
 * A small seeded generator (mulberry32, Tommy Ettinger, public domain): 2³² states, even in every
 * bit; good for ties, shuffles and simulations, not for secrets.
 */
export function seededRng(seed: number): Rng {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
