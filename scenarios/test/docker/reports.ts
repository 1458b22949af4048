import { setTimeout as pause } from 'node:timers/promises'
import { type NodeReport, parseReport } from '../../../agents/report.ts'
import { freePort } from '../../ports.ts'
import type { Reaper } from '../../reaper.ts'
import { Service } from '../../service.ts'

const bin = new URL('../../../agents/bin.ts', import.meta.url).pathname
const pollMs = 100

/** An agent that watches all containers with a label, by its own command line. */
export class Reports {
  readonly #service: Service
  readonly #url: string

  private constructor(service: Service, url: string) {
    this.#service = service
    this.#url = url
  }

  static async start(label: string, reaper: Reaper): Promise<Reports> {
    const port = await freePort()
    const command = [process.execPath, bin, '--label', label, '--port', String(port)] as const
    const service = new Service('agent', command, reaper, () => {})
    await service.start()
    return new Reports(service, `http://127.0.0.1:${port}/v1/state`)
  }

  /** What it says now of the container of that name; undefined where it says nothing of it. */
  async of(name: string): Promise<NodeReport | undefined> {
    const response = await fetch(this.#url)
    const { nodes } = parseReport(await response.json())
    return nodes.find((node) => node.name === name)
  }

  /**
   * Asks until what it says is so.
   * @returns milliseconds that took, and the report
   * @throws Error with the last report after `capMs`
   */
  async until(
    name: string,
    isSo: (report: NodeReport) => boolean,
    capMs: number,
  ): Promise<{ readonly ms: number; readonly report: NodeReport }> {
    const beganMs = performance.now()
    for (;;) {
      const report = await this.of(name)
      const ms = performance.now() - beganMs
      if (report !== undefined && isSo(report)) return { ms, report }
      if (ms > capMs) throw new Error(`${name} is not so: ${JSON.stringify(report)}`)
      await pause(pollMs)
    }
  }

  async close(): Promise<void> {
    await this.#service.close()
  }
}
