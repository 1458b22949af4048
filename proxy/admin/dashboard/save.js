/** What a page shows, as a file. */
import { ask } from './stream.js'

/** A browser that has not taken the file by then never will. */
const keptMs = 10_000

/**
 * Lets the page's buttons save what it shows: `data-save` of each is the format.
 * @param pathOf where it is in a format
 * @param onFailed told why nothing was saved
 */
export function offerToSave(name, pathOf, onFailed) {
  for (const button of document.querySelectorAll('[data-save]')) {
    const format = button.dataset.save
    button.addEventListener('click', async () => {
      try {
        await saveAs(`${name}.${format}`, pathOf(format))
      } catch (error) {
        onFailed(error.message)
      }
    })
  }
}

/**
 * Saves what is at `path` under `name`. Asked for here and not by a link, which cannot carry the token.
 * @throws what {@link ask} throws
 */
async function saveAs(name, path) {
  const answer = await ask(path)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await answer.blob())
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), keptMs)
}
