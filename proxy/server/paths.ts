/** Spellings of a path that a node might take for another one. */
const oddSpelling = /(^|\/)\.{1,2}(\/|$)|\/\/|\\|;|%(2e|2f|5c|00)/i

/** Some paths, each with all that is below it. */
export class Paths {
  readonly #paths: readonly string[]

  constructor(paths: readonly string[]) {
    this.#paths = paths
  }

  /** Never a path with dots, empty segments or escapes that could lead out of what is below. */
  include(path: string): boolean {
    const found = this.#paths.some((each) => path === each || path.startsWith(`${each}/`))
    return found && !oddSpelling.test(path)
  }
}
