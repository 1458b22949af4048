/** Two-sided 95 % points of Student's t for 1 to 30 degrees of freedom (any table of statistics). */
const points = [
  12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281, 2.201, 2.1788,
  2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.093, 2.086, 2.0796, 2.0739, 2.0687, 2.0639,
  2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
] as const

/**
 * By how many standard errors a 95 % interval reaches to either side of its estimate.
 * @param degrees degrees of freedom, a whole number of at least 1
 */
export function studentPoint(degrees: number): number {
  const tabled = points[degrees - 1]
  if (tabled !== undefined) return tabled
  // Cornish–Fisher expansion around the normal point; right to four digits above 30.
  const z = 1.959964
  return z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2)
}
