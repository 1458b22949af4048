import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { text as allOf } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import type Docker from 'dockerode'

export type ImageRecipe = {
  /** Such as `equipoise/geth`. */
  readonly repository: string
  /** Path of the one program in it. */
  readonly program: string
  /** For what is made on the way. */
  readonly folder: string
}

/** An image's name, and whether it had to be made. */
export type Image = { readonly tag: string; readonly isNew: boolean }

const programFolder = '/usr/local/bin'

/**
 * An image that holds one program of this machine and the libraries it is linked with, nothing else.
 * Its tag is the SHA-256 of these files: it is made once, and anew when one of them changes. No
 * registry is asked.
 * @throws Error where the program cannot be read or the daemon will not take the image
 */
export async function imageOf(docker: Docker, recipe: ImageRecipe): Promise<Image> {
  const { repository, program } = recipe
  const files = new Map([[join(programFolder, basename(program)), program]])
  for (const library of await librariesOf(program)) files.set(library, library)
  const tag = `${repository}:${await digestOf(files)}`
  const found = await docker.listImages({ filters: { reference: [tag] } })
  if (found.length > 0) return { tag, isNew: false }
  const root = await mkdtemp(join(recipe.folder, 'image-'))
  try {
    await mkdir(join(root, 'tmp'))
    for (const [place, source] of files) {
      await mkdir(join(root, dirname(place)), { recursive: true })
      await cp(source, join(root, place), { dereference: true })
    }
    await importTree(docker, root, tag, join(programFolder, basename(program)))
  } finally {
    await rm(root, { recursive: true })
  }
  return { tag, isNew: true }
}

async function importTree(docker: Docker, root: string, tag: string, entry: string): Promise<void> {
  const tar = spawn('tar', ['-C', root, '--owner=0', '--group=0', '-c', '.'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const words = allOf(tar.stderr)
  const code = new Promise<number | null>((resolve, reject) => {
    tar.once('close', resolve)
    tar.once('error', reject)
  })
  code.catch(() => {}) // Awaited below.
  const [repo, version] = tag.split(':')
  const changes = `ENTRYPOINT ${JSON.stringify([entry])}`
  const told = await docker.importImage(tar.stdout, { repo, tag: version, changes })
  const report = await allOf(told)
  if ((await code) !== 0) throw new Error(`tar: ${(await words).trim()}`)
  if (report.includes('"error"')) throw new Error(`the image was refused: ${report.trim()}`)
}

/** Paths of the shared libraries a program is linked with, the loader included; none for a static one. */
async function librariesOf(program: string): Promise<readonly string[]> {
  try {
    const { stdout } = await promisify(execFile)('ldd', [program])
    // `libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x…)`, and the loader without an arrow.
    const paths = stdout.split('\n').map((line) => /(?:=>\s+|^\s+)(\/\S+) \(0x/.exec(line)?.[1])
    return paths.filter((path) => path !== undefined)
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
    const stdout = error instanceof Error && 'stdout' in error ? String(error.stdout) : ''
    if (/not a dynamic executable|statically linked/.test(said + stdout)) return []
    throw error
  }
}

/** Sixteen hexadecimal digits of the files' places and contents. */
async function digestOf(files: ReadonlyMap<string, string>): Promise<string> {
  const hash = createHash('sha256')
  for (const [place, source] of files) {
    hash.update(`${place}\n`)
    await pipeline(createReadStream(source), async (chunks) => {
      for await (const chunk of chunks) hash.update(chunk)
    })
  }
  return hash.digest('hex').slice(0, 16)
}
