import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'

/** One file as it is served. */
export type WebFile = { readonly type: string; readonly bytes: Buffer }

/** What is served, by extension. A file of any other kind is not. */
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
}

/**
 * Reads a folder into memory once, so that a request never touches the disk and no path in a
 * request can lead out of it. Keys are URL paths: `/` for index.html, `/vendor/uplot.js` …
 * @throws as `node:fs` does when the folder cannot be read.
 */
export function readWebFiles(folder: string): ReadonlyMap<string, WebFile> {
  const files = new Map<string, WebFile>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const type = types[extname(entry.name)]
    if (!entry.isFile() || type === undefined) continue
    const path = join(entry.parentPath, entry.name)
    const name = `/${relative(folder, path).split(sep).join('/')}`
    files.set(name === '/index.html' ? '/' : name, { type, bytes: readFileSync(path) })
  }
  return files
}
