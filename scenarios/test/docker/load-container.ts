import type Docker from 'dockerode'
import { labels } from '../../fleets/docker/daemon.ts'
import { imageOf } from '../../fleets/docker/image.ts'

/** Programs of known load, run by the Node of this test in a container. */
const programs = {
  /** Takes 0.3 cores on average from its first moment on, whatever stood in its way before. */
  busy: (cores: number) => `
    const begin = performance.now()
    const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000 }
    setInterval(() => { while (used() < ${cores} * (performance.now() - begin)); }, 10)`,
  /** Holds so many megabytes that it has written to. */
  memory: (megabytes: number) => `
    const held = Buffer.alloc(${megabytes} * 1048576, 1)
    setInterval(() => held.length, 1000)`,
  /** Writes so many megabytes a second to the disk, a quarter of a megabyte at a time. */
  disk: (megabytesPerS: number) => `
    const { openSync, writeSync, fdatasyncSync } = require('node:fs')
    const file = openSync('/data/written', 'w')
    const block = Buffer.alloc(262144, 1)
    const begin = performance.now()
    let written = 0
    setInterval(() => {
      while (written < ${megabytesPerS} * 1048.576 * (performance.now() - begin)) {
        writeSync(file, block, 0, block.length, written % 33554432)
        fdatasyncSync(file)
        written += block.length
      }
    }, 10)`,
} as const

export type LoadOptions = {
  readonly name: string
  readonly kind: keyof typeof programs
  /** Cores, megabytes, or megabytes a second. */
  readonly amount: number
  readonly host?: Docker.HostConfig
  /** Beyond the stack's. */
  readonly labels?: Readonly<Record<string, string>>
}

/** Containers with loads that are known, and nothing of ours inside. */
export class LoadContainers {
  readonly #docker: Docker
  readonly #stack: string
  readonly #image: string

  private constructor(docker: Docker, stack: string, image: string) {
    this.#docker = docker
    this.#stack = stack
    this.#image = image
  }

  static async open(docker: Docker, stack: string, folder: string): Promise<LoadContainers> {
    const recipe = { repository: 'equipoise/test-node', program: process.execPath, folder }
    const { tag } = await imageOf(docker, recipe)
    return new LoadContainers(docker, stack, tag)
  }

  /** @returns its first process's id on this machine */
  async run(options: LoadOptions): Promise<number> {
    const { name, kind, amount, host = {} } = options
    const container = await this.#docker.createContainer({
      name: `${this.#stack}-${name}`,
      Image: this.#image,
      Cmd: ['-e', programs[kind](amount)],
      Labels: { [labels.stack]: this.#stack, ...options.labels },
      HostConfig: { NetworkMode: 'none', ...host },
    })
    await container.start()
    const { State } = await container.inspect()
    if (!State.Running) {
      const words = await container.logs({ stdout: true, stderr: true })
      throw new Error(`${name} ended at once: ${words.toString()}`)
    }
    return State.Pid
  }

  async remove(name: string): Promise<void> {
    await this.#docker.getContainer(`${this.#stack}-${name}`).remove({ force: true, v: true })
  }
}
