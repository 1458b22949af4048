/** What a page shows, as a file. */
import { ask } from './stream.js'

/** A browser that has not taken the file by then never will. */
const keptMs = 10_000

/**
 * Saves what is at `path` under `name`. Asked for here and not by a link, which cannot carry the token.
 * @throws what {@link ask} throws
 */
export async function saveAs(name, path) {
  const answer = await ask(path)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await answer.blob())
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), keptMs)
}
