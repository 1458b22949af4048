/** The charts over time: one line a node, by uPlot, with one cursor for all of them. */

import { maxSamples } from './history.js'
import { themed } from './palette.js'
import { shortNames } from './short-names.js'
import uPlot from './vendor/uplot.js'

/** A young page shows at least this much, in seconds, so that its first points are seen. */
const leastSpan = 60

export class NodeChart {
  #box
  #history
  #palette
  #read
  #write
  #ids = []
  #chart = null
  /** Of the box and, as what it leaves to the chart is known only once it stands there, the legend. */
  #sizes

  /**
   * @param read picks one line of a node's series, such as `(series) => series.calls`
   * @param write writes one of its values for people
   */
  constructor(box, history, palette, { read, write }) {
    this.#box = box
    this.#history = history
    this.#palette = palette
    this.#read = read
    this.#write = write
    this.#sizes = new ResizeObserver(() => this.#chart?.setSize(this.#size()))
    this.#sizes.observe(box)
  }

  /** Shows what the history holds now. */
  update() {
    const { times, series } = this.#history
    const ids = Array.from(series.keys())
    if (ids.join() !== this.#ids.join()) this.#build(ids)
    this.#chart?.setData([times, ...ids.map((id) => this.#read(series.get(id)))])
    const isPointedAt = (this.#chart?.cursor.left ?? -1) >= 0
    if (!isPointedAt) this.#chart?.setLegend({ idx: times.length - 1 })
  }

  /** Draws again in the colours of the moment. */
  recolour() {
    this.#build(this.#ids)
    this.update()
  }

  #build(ids) {
    if (this.#chart !== null) this.#sizes.unobserve(this.#legend())
    this.#chart?.destroy()
    this.#ids = ids
    const names = shortNames(ids)
    this.#chart = new uPlot(
      {
        ...this.#size(),
        padding: [10, 22, 0, 0],
        cursor: { sync: { key: 'nodes' }, points: { size: 7 }, drag: { x: false, y: false } },
        legend: { markers: { width: 0 } },
        scales: { x: { range: lastMinutes }, y: { range: fromZero } },
        axes: [
          this.#axis({ space: 80, size: 36, values: clockTimes }),
          this.#axis({ size: 62, values: this.#figures() }),
        ],
        series: [{}, ...ids.map((id) => this.#line(id, names.get(id)))],
      },
      [[], ...ids.map(() => [])],
      this.#box,
    )
    this.#labelLegend()
    this.#sizes.observe(this.#legend())
  }

  #axis(but) {
    const thin = { stroke: themed('--line'), width: 1 }
    return {
      stroke: themed('--muted'),
      font: '11px system-ui, sans-serif',
      grid: thin,
      ticks: thin,
      ...but,
    }
  }

  #figures() {
    return (_chart, values) => values.map((value) => (value === null ? '' : this.#write(value)))
  }

  #line(id, label) {
    return {
      label,
      stroke: this.#palette.colour(id),
      width: 1.8,
      points: { show: false },
      value: (_chart, value) => (value === null ? '–' : this.#write(value)),
    }
  }

  /** uPlot's legend is a table without heads; its rows are for pointing at lines, so say so. */
  #labelLegend() {
    const rows = this.#legend().querySelectorAll('.u-series')
    for (const [i, row] of rows.entries()) {
      if (i > 0) row.style.setProperty('--node', this.#palette.variable(this.#ids[i - 1]))
    }
  }

  #legend() {
    return this.#box.querySelector('.u-legend')
  }

  #size() {
    const legendHeight = this.#legend()?.offsetHeight ?? 0
    return {
      width: Math.max(120, this.#box.clientWidth),
      height: Math.max(120, this.#box.clientHeight - legendHeight),
    }
  }
}

function clockTimes(_chart, times) {
  return times.map(clockTime)
}

/** The reader's own time of day. */
function clockTime(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString(undefined, {
    timeStyle: 'medium',
    hour12: false,
  })
}

function lastMinutes(_chart, first, last) {
  if (last === null) return [Date.now() / 1000 - leastSpan, Date.now() / 1000]
  return [last - Math.min(maxSamples, Math.max(leastSpan, last - first)), last]
}

function fromZero(_chart, _least, most) {
  return [0, most > 0 ? most * 1.12 : 1]
}
