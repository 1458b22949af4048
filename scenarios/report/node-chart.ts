import { formatPercent } from './format.ts'
import { bottomAxis, chartWidth, plotRight, seriesClass } from './frame.ts'
import type { NodeSummary } from './node-use.ts'
import { linearScale } from './scale.ts'
import type { CellSummary } from './summary.ts'
import { element, label, line, type Markup, picture } from './svg.ts'

const left = 64
const headHeight = 24
const rowHeight = 17
const axisHeight = 42

/** What one bar shows: in [0, 1] or somewhat above; null where not known. */
type Measure = {
  readonly value: (node: NodeSummary) => number | null
  /** Where the bar would ideally end. */
  readonly mark: (node: NodeSummary) => number | null
  readonly meaning: string
  readonly description: string
}

const callShare: Measure = {
  value: ({ share }) => share,
  mark: ({ capacityShare }) => capacityShare,
  meaning: 'share of the calls; the mark is the share of the capacity',
  description: 'Share of the calls that each node got, by contender',
}

const cpuUse: Measure = {
  value: ({ cpuCores, capacityCores }) =>
    cpuCores === null || capacityCores === null ? null : cpuCores / capacityCores,
  mark: () => 1,
  meaning: 'CPU used, of what the node may use',
  description: "Each node's CPU as a share of its limit, by contender",
}

/** Where the calls went, beside where the capacity is. */
export function nodeShares(summary: CellSummary): Markup {
  return nodeBars(summary, callShare)
}

/** How busy each node was. */
export function nodeCpu(summary: CellSummary): Markup {
  return nodeBars(summary, cpuUse)
}

function nodeBars({ contenders }: CellSummary, measure: Measure): Markup {
  const nodes = contenders.flatMap((contender) => contender.nodes)
  const reached = nodes.flatMap((node) => [measure.value(node) ?? 0, measure.mark(node) ?? 0])
  const scale = linearScale(Math.max(0.1, ...reached) * 1.12, left, plotRight)
  const parts: Markup[] = []
  let y = 0
  contenders.forEach((contender) => {
    const index = contender.place
    y += headHeight
    parts.push(label(14, y - 7, contender.name, 'start', `name ${seriesClass(index)}`))
    for (const node of contender.nodes) {
      parts.push(label(left - 6, y + 11, node.id, 'end', 'tick'))
      parts.push(nodeBar(node, measure, scale.at, y, seriesClass(index)))
      y += rowHeight
    }
  })
  return picture(
    chartWidth,
    y + axisHeight,
    measure.description,
    bottomAxis(scale, 6, y + 4, (share) => formatPercent(share, 0), measure.meaning),
    ...parts,
  )
}

function nodeBar(
  node: NodeSummary,
  measure: Measure,
  at: (value: number) => number,
  y: number,
  kind: string,
): Markup {
  const value = measure.value(node)
  const mark = measure.mark(node)
  const x0 = at(0)
  return element(
    'g',
    { class: kind },
    element('title', {}, `${node.id}: ${value === null ? 'not known' : formatPercent(value)}`),
    element('rect', {
      x: x0,
      y: y + 2,
      width: Math.max(0.5, at(value ?? 0) - x0),
      height: rowHeight - 5,
      rx: 2,
      class: 'solid',
    }),
    mark === null ? '' : line(at(mark), y, at(mark), y + rowHeight - 1, 'mark'),
  )
}
