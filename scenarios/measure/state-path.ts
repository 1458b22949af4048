import { parseReport } from '../../agents/report.ts'

/** One node's way through the state space, a point for each time of the path. */
export type NodePath = {
  readonly id: string
  /** CPU use ÷ quota, in [0, 1]. */
  readonly cpu: readonly (number | null)[]
  /** The largest share of time in which some task waited: for CPU, disk or memory. */
  readonly pressure: readonly (number | null)[]
}

/** Where the nodes were while one trial was measured. */
export type StatePath = {
  /** Milliseconds from one point to the next. */
  readonly stepMs: number
  readonly nodes: readonly NodePath[]
}

const stepMs = 500
const timeoutMs = 2_000
/** A trial of ten minutes. */
const maxPoints = 1_200

type Point = ReadonlyMap<string, { readonly cpu: number | null; readonly pressure: number | null }>

/** Follows the nodes of an agent through the state space while it runs. */
export class StatePathRecorder {
  readonly #agentUrl: string
  readonly #points: Point[] = []
  #timer: NodeJS.Timeout | null = null
  #isAsking = false

  constructor(agentUrl: string) {
    this.#agentUrl = agentUrl
  }

  begin(): void {
    this.#timer = setInterval(() => void this.#look(), stepMs)
  }

  /** Looks no more. May be called again. @returns null when nothing was seen */
  end(): StatePath | null {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    const ids = [...(this.#points[0]?.keys() ?? [])]
    if (ids.length === 0) return null
    const nodes = ids.map((id) => ({
      id,
      cpu: this.#points.map((point) => point.get(id)?.cpu ?? null),
      pressure: this.#points.map((point) => point.get(id)?.pressure ?? null),
    }))
    return { stepMs, nodes }
  }

  async #look(): Promise<void> {
    if (this.#isAsking || this.#points.length >= maxPoints) return
    this.#isAsking = true
    try {
      const signal = AbortSignal.timeout(timeoutMs)
      const response = await fetch(`${this.#agentUrl}/v1/state`, { signal })
      const { nodes } = parseReport(await response.json())
      this.#points.push(
        new Map(
          nodes.map(({ id, x }) => {
            const waits = [x.cpu_pressure, x.io_pressure, x.mem_pressure].filter(
              (share) => share !== undefined,
            )
            const pressure = waits.length === 0 ? null : rounded(Math.max(...waits))
            return [id, { cpu: x.cpu === undefined ? null : rounded(x.cpu), pressure }]
          }),
        ),
      )
    } catch {
      // A point less on a picture; that the agent answers is seen by the counters.
    } finally {
      this.#isAsking = false
    }
  }
}

function rounded(share: number): number {
  return Number(share.toFixed(3))
}
