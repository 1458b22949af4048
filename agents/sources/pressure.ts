import type { KeptFile, KernelFiles } from './kept-file.ts'
import { pressureS } from './kernel-text.ts'
import type { Gauge, Sample } from './source.ts'

/**
 * Pressure stall information of one group of a v2 tree. Reads `total=`, which the kernel brings up
 * to date on each read; the averages beside it move every 2 s only.
 *
 * @see Documentation/accounting/psi.rst of the kernel.
 */
export class Pressure implements Gauge {
  readonly #cpu: KeptFile | undefined
  readonly #io: KeptFile | undefined
  readonly #memory: KeptFile | undefined

  private constructor(files: KernelFiles, dir: string) {
    this.#cpu = files.open(`${dir}/cpu.pressure`)
    this.#io = files.open(`${dir}/io.pressure`)
    this.#memory = files.open(`${dir}/memory.pressure`)
  }

  /** Undefined where this kernel keeps no pressure, or was told not to (`psi=0`). */
  static open(files: KernelFiles, dir: string): Pressure | undefined {
    if (pressureS(files.once(`${dir}/cpu.pressure`), 'some') === undefined) return undefined
    return new Pressure(files, dir)
  }

  read(into: Sample): void {
    const cpuS = pressureS(this.#cpu?.text(), 'some')
    const ioS = pressureS(this.#io?.text(), 'full')
    const memS = pressureS(this.#memory?.text(), 'some')
    if (cpuS !== undefined) into.cpuPressureS = cpuS
    if (ioS !== undefined) into.ioPressureS = ioS
    if (memS !== undefined) into.memPressureS = memS
  }

  close(): void {
    this.#cpu?.close()
    this.#io?.close()
    this.#memory?.close()
  }
}
