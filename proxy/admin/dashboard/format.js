/** How numbers are written on this page. What is not known is an en dash. */

export const unknown = '–'

/** A share of 1 as per cent: `34 %`. */
export function percent(share) {
  return `${Math.round(share * 100)} %`
}

/** A rate or count with at most one decimal, and none from 100 on. */
export function amount(value) {
  if (value >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en')
  return value.toFixed(1)
}

/** Milliseconds as people say them: `0.4 ms`, `31 ms`, `1.2 s`. */
export function duration(ms) {
  if (ms === 0) return '0'
  if (ms < 10) return `${ms.toFixed(1)} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`
}

/** Seconds since a start: `42 s`, `5 min 3 s`, `2 h 7 min`, `3 d 4 h`. */
export function uptime(seconds) {
  const [s, min, h, d] = [seconds, seconds / 60, seconds / 3600, seconds / 86400].map(Math.floor)
  if (d > 0) return `${d} d ${h % 24} h`
  if (h > 0) return `${h} h ${min % 60} min`
  return min > 0 ? `${min} min ${s % 60} s` : `${s} s`
}

/** Cores: `0.25 CPU`, `2 CPUs`. */
export function cpus(count) {
  return `${Number(count.toFixed(2))} CPU${count > 1 ? 's' : ''}`
}

/** Sets the text of an element where it differs, so that a screen reader is not told it again. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}
