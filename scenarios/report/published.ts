import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readResults } from './results.ts'
import type { PublishedRun } from './runs-text.ts'
import { summarize } from './summary.ts'

/** From the repository's root, where runs are committed, a folder each. */
export const publishedFolder = 'scenarios/results'

/** The committed runs, the newest first. @param root the repository's folder */
export async function publishedRuns(root: string): Promise<readonly PublishedRun[]> {
  const entries = await readdir(join(root, publishedFolder), { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return await Promise.all(
    names
      .toSorted()
      .reverse()
      .map(async (name) => ({
        folder: `${publishedFolder}/${name}`,
        summary: summarize(await readResults(join(root, publishedFolder, name))),
      })),
  )
}
