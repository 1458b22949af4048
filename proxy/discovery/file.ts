import { type FSWatcher, watch } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { parseNodeFile } from './node-file.ts'
import type { NodeSpec } from './node-spec.ts'
import type { Provider, ProviderSink } from './provider.ts'

/** A file that is being written changes several times. */
const debounceMs = 200

/** File systems without events, and watches that were lost, are noticed this late. */
const resyncMs = 10_000

/** Nobody writes so many nodes; whatever this is, it is not read. */
const maxFileBytes = 4_194_304

/** What was read of one file: its text, and the nodes of the last one that was right. */
type Known = { readonly text: string; readonly nodes: readonly NodeSpec[] }

/**
 * Nodes of a file, or of all `.yaml`, `.yml` and `.json` files of a folder. The folder is watched and
 * not the file: an editor and a Kubernetes ConfigMap put a new file in the place of the old one,
 * which no watch of the file would see. A file with any error in it counts as it last was without.
 */
export class FileProvider implements Provider {
  readonly name = 'file'
  readonly #path: string
  #sink: ProviderSink | null = null
  #known = new Map<string, Known>()
  #watcher: FSWatcher | null = null
  #watched = ''
  #debounce: NodeJS.Timeout | null = null
  #resync: NodeJS.Timeout | undefined
  #reading: Promise<void> | null = null
  #isDue = false
  /** An operator wants to hear what comes of it, be it what is known. */
  #isAsked = false
  /** What was read and what was wrong when it was told last, so that it is told once. */
  #texts: string | null = null
  #flaw = ''

  constructor(path: string) {
    this.#path = path
  }

  start(sink: ProviderSink): void {
    this.#sink = sink
    this.#resync = setInterval(() => this.#look(), resyncMs).unref()
    this.#look()
  }

  reload(): void {
    this.#isAsked = true
    this.#look()
  }

  /** Reads all of it again; one read at a time. */
  #look(): void {
    this.#isDue = true
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null
    })
  }

  async close(): Promise<void> {
    this.#sink = null
    clearInterval(this.#resync)
    if (this.#debounce !== null) clearTimeout(this.#debounce)
    this.#watcher?.close()
    await this.#reading
    // A read that was under way may have begun to watch.
    this.#watcher?.close()
  }

  async #read(): Promise<void> {
    while (this.#isDue && this.#sink !== null) {
      this.#isDue = false
      try {
        const files = await this.#files()
        await this.#take(files)
      } catch (error) {
        this.#tell(null, error instanceof Error ? error.message : String(error))
      }
    }
  }

  /** @param known null where nothing could be read */
  #tell(known: ReadonlyMap<string, Known> | null, flaw: string): void {
    const isAsked = this.#isAsked
    const texts = JSON.stringify([...(known ?? [])].map(([file, { text }]) => [file, text]))
    const isNew = known !== null && texts !== this.#texts
    const isBack = this.#flaw !== '' && flaw === ''
    const isWrongAnew = flaw !== '' && (flaw !== this.#flaw || isNew || isAsked)
    this.#isAsked = false
    this.#flaw = flaw
    if (known !== null) this.#texts = texts
    if (known !== null && (flaw === '' ? isNew || isBack || isAsked : isNew && known.size > 0)) {
      const { nodes, doubles } = merged(known)
      this.#sink?.found(nodes, doubles)
    }
    if (isWrongAnew) this.#sink?.failed(new Error(flaw))
  }

  /** The files there are, by name. Watches the folder they are in first, so that no change is missed. */
  async #files(): Promise<readonly string[]> {
    const isFolder = (await stat(this.#path)).isDirectory()
    const folder = isFolder ? this.#path : dirname(this.#path)
    await this.#watch(folder)
    if (!isFolder) return [this.#path]
    const names = await readdir(folder)
    return names
      .filter((name) => /^[^.].*\.(ya?ml|json)$/i.test(name))
      .sort()
      .map((name) => join(folder, name))
  }

  /** @throws Error when the folder cannot be watched */
  async #watch(folder: string): Promise<void> {
    const { ino, dev } = await stat(folder)
    const watched = `${dev} ${ino}`
    if (watched === this.#watched || this.#sink === null) return
    this.#watcher?.close()
    this.#watcher = watch(folder, { persistent: false }, () => this.#changed())
    this.#watched = watched
    this.#watcher.on('error', () => {
      // Seen again with the next resync.
      this.#watched = ''
    })
  }

  #changed(): void {
    if (this.#debounce !== null) clearTimeout(this.#debounce)
    this.#debounce = setTimeout(() => this.#look(), debounceMs).unref()
  }

  async #take(files: readonly string[]): Promise<void> {
    const known = new Map<string, Known>()
    const flaws: string[] = []
    for (const file of files) {
      const before = this.#known.get(file)
      try {
        const text = await textOf(file)
        const isKnown = before?.text === text
        known.set(file, isKnown ? before : { text, nodes: parseNodeFile(text) })
      } catch (error) {
        const [why] = (error instanceof Error ? error.message : String(error)).split('\n')
        flaws.push(`${basename(file)}: ${why}`)
        if (before !== undefined) known.set(file, before)
      }
    }
    this.#known = known
    this.#tell(known, flaws.join('; '))
  }
}

async function textOf(file: string): Promise<string> {
  const { size } = await stat(file)
  if (size > maxFileBytes) throw new Error(`larger than ${maxFileBytes} bytes`)
  return await readFile(file, 'utf8')
}

/** All nodes; where two files name the same id, the first has it. */
function merged(known: ReadonlyMap<string, Known>) {
  const nodes = new Map<string, NodeSpec>()
  const doubles: string[] = []
  for (const [file, { nodes: own }] of known) {
    for (const node of own) {
      if (nodes.has(node.id)) doubles.push(`${node.id} of ${basename(file)}: the id is taken`)
      else nodes.set(node.id, node)
    }
  }
  return { nodes: [...nodes.values()], doubles }
}
