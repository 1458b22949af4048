/** What one label must be, or must not be. */
export type Constraint = {
  readonly label: string
  readonly isEqual: boolean
  readonly value: string
}

/**
 * Reads `pool==mainnet && roles!=archive`: labels without their prefix, all of them true at once.
 * @throws Error when it is not of that form
 */
export function parseConstraints(text: string): readonly Constraint[] {
  return text.split('&&').map((part) => {
    const [, label, operator, value] = /^\s*([\w.-]+)\s*([!=]=)\s*([^\s&=!]+)\s*$/.exec(part) ?? []
    if (label === undefined || value === undefined) {
      throw new Error(
        `want label==value or label!=value, joined by &&, not ${JSON.stringify(part.trim())}`,
      )
    }
    return { label, isEqual: operator === '==', value }
  })
}

/** Whether all of them hold for labels whose names are without their prefix. */
export function areMet(
  constraints: readonly Constraint[],
  labelOf: (name: string) => string | undefined,
): boolean {
  return constraints.every(({ label, isEqual, value }) => (labelOf(label) === value) === isEqual)
}
