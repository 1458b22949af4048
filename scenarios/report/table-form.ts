/** A table in no particular form: the first column names the row, the others hold figures. */
export type Table = {
  readonly title: string
  /** What the figures are, in a sentence. */
  readonly note: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Heading of the first column. */
export const nameColumn = 'strategy'
