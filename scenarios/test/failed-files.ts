import type { TestEvent } from 'node:test/reporters'

/** A reporter for `node --test`: the file of each test that failed, one a line. */
// biome-ignore lint/style/noDefaultExport: node takes a reporter by its default export
export default async function* failedFiles(source: AsyncIterable<TestEvent>) {
  for await (const { type, data } of source) {
    if (type === 'test:fail' && data.file !== undefined) yield `${data.file}\n`
  }
}
