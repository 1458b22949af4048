#!/usr/bin/env node
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { publishedRuns } from './published.ts'
import { withResults } from './readme-section.ts'
import { writeReport } from './write.ts'

/** `npm run results`: the reports of all committed runs, and README's section, from their results.json. */
const root = join(import.meta.dirname, '../..')
const runs = await publishedRuns(root)
for (const { folder, summary } of runs) await writeReport(join(root, folder), summary)
const file = join(root, 'README.md')
await writeFile(file, withResults(await readFile(file, 'utf8'), runs))
process.stdout.write(`README.md and the reports of ${runs.length} committed runs are made anew\n`)
