/** What Prometheus or Grafana puts in place of a word in an expression. */
const placeholders = /\$__rate_interval|\$\{?\w+\}?/g

/** Clauses that name labels, as `by (job, instance)`. */
const labelClauses = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g

/** Words that stand where a metric could. */
const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'Inf', 'NaN'])

/**
 * The metrics that an expression of PromQL reads. What is left when strings, label matchers, ranges,
 * clauses and functions are taken out.
 */
export function metricsIn(expression: string): readonly string[] {
  const bare = expression
    .replace(placeholders, '1m')
    .replace(/"(?:[^"\\]|\\.)*"/g, '')
    .replace(/\{[^}]*\}/g, ' ')
    .replace(/\[[^\]]*\]/g, ' ')
    .replace(labelClauses, ' ')
  const names = bare.matchAll(/(?<![\w:.])[a-zA-Z_:][\w:]*(?!\w)(?!\s*\()/g)
  return [...new Set([...names].map(([name]) => name).filter((name) => !words.has(name)))]
}
