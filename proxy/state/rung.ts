/**
 * How much is known of a node, best first. `quota`: CFS quota and when its periods begin.
 * `quota-guessed`: the quota, and periods guessed from stalled calls. `shared`: reports of a node
 * without a quota. `weighted`: no report to go by; calls in flight over the capacity that was
 * declared or last reported. `unweighted`: the same, and no capacity was ever known.
 */
export type Rung = 'quota' | 'quota-guessed' | 'shared' | 'weighted' | 'unweighted'
