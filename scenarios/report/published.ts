import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { PublishedRun } from './readme-section.ts'
import { readResults } from './results.ts'
import { summarize } from './summary.ts'

/** Of the repository, where runs are committed. */
const directory = 'scenarios/results'

/** The committed runs, the newest first. @param root the repository's folder */
export async function publishedRuns(root: string): Promise<readonly PublishedRun[]> {
  const names = (await readdir(join(root, directory))).toSorted().reverse()
  return await Promise.all(
    names.map(async (name) => ({
      folder: `${directory}/${name}`,
      summary: summarize(await readResults(join(root, directory, name))),
    })),
  )
}
