import { spawn } from 'node:child_process'

const bin = new URL('../bin.ts', import.meta.url).pathname

/** How a command ended, and all that it said on either stream. */
export type Said = { readonly code: number | null; readonly text: string }

/** Runs `equipoise-bench` to its end, with `folder` as the one for temporary files. */
export async function benchCommand(folder: string, args: readonly string[]): Promise<Said> {
  const child = spawn(process.execPath, [bin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder },
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk
    })
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, text }
}
