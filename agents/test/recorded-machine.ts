import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CfsPhases } from '../sources/cfs-phase.ts'
import type { Kernel } from '../sources/detect.ts'
import { Host } from '../sources/host.ts'
import { KernelFiles } from '../sources/kept-file.ts'
import { KernelSource } from '../sources/kernel-source.ts'

export const containerId = 'ae109a16623169b997ab9774e11cc7e73332dd5f28b767b3885b20aa44b523ad'

/** A copy of a recorded tree that a test may write in, and a clock that it turns. */
export class RecordedMachine implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'equipoise-agent-'))
  readonly procRoot = join(this.root, 'proc')
  readonly cgroupRoot = join(this.root, 'cgroup')
  readonly files = new KernelFiles()
  readonly clock = { now: 1000, nowMs: () => this.clock.now, wallMs: () => this.clock.now }
  readonly phases = new CfsPhases(this.clock)
  readonly #sources: KernelSource[] = []

  constructor(tree?: 'v1-hybrid' | 'v2') {
    const recorded = new URL(`fixtures/${tree}`, import.meta.url)
    if (tree !== undefined) cpSync(recorded, this.root, { recursive: true })
  }

  get kernel(): Kernel {
    const { files, clock, procRoot, cgroupRoot } = this
    return {
      files,
      host: new Host(files, procRoot),
      clock,
      procRoot,
      cgroupRoot,
      usesGroups: true,
    }
  }

  /** Opens a process that the tree has; closed with the machine. */
  source(pid: number, kernel: Kernel = this.kernel): KernelSource {
    const source = KernelSource.open(kernel, this.phases, pid)
    if (source === undefined) throw new Error(`the tree has no process ${pid}`)
    this.#sources.push(source)
    return source
  }

  /** Writes a file, with the directories above it, as the kernel would show it from now on. */
  write(path: string, text: string): void {
    const file = join(this.root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }

  /** Makes a link that names a namespace, as those in `/proc/PID/ns` do. */
  link(path: string, target: string): void {
    const file = join(this.root, path)
    mkdirSync(dirname(file), { recursive: true })
    symlinkSync(target, file)
  }

  /** Adds a process with nothing but a parent. */
  addProcess(pid: number, parent: number): void {
    this.write(`proc/${pid}/stat`, `${pid} (a b) c) S ${parent} 1 1 0 -1 0 0 0 0 0 150 50 0 0 20\n`)
  }

  remove(path: string): void {
    rmSync(join(this.root, path), { recursive: true })
  }

  [Symbol.dispose](): void {
    for (const source of this.#sources) source.close()
    this.phases.close()
    rmSync(this.root, { recursive: true })
  }
}
