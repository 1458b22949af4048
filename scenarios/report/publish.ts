#!/usr/bin/env node
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { publishedFolder, publishedRuns } from './published.ts'
import { withResults, withRuns } from './readme-section.ts'
import { poolsOf, todayPool } from './runs-text.ts'
import { writeReport } from './write.ts'

/** `npm run results`: the reports of all committed runs, and what READMEs say of them, from their results.json. */
const root = join(import.meta.dirname, '../..')
const runs = await publishedRuns(root)
const pools = poolsOf(runs)
for (const { folder, summary } of runs) await writeReport(join(root, folder), summary)
await rewrite(join(root, 'README.md'), (text) => withResults(text, pools, todayPool(runs)))
await rewrite(join(root, publishedFolder, 'README.md'), (text) => withRuns(text, pools, runs))
process.stdout.write(
  `Both READMEs and the reports of ${runs.length} committed runs are made anew\n`,
)

async function rewrite(file: string, anew: (text: string) => string): Promise<void> {
  await writeFile(file, anew(await readFile(file, 'utf8')))
}
