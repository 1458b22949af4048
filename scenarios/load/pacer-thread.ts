import { parentPort, workerData } from 'node:worker_threads'
import { type PacerOrder, wallMs } from './pacer.ts'

const { dueMs, originMs, stop } = workerData as PacerOrder

for (const due of dueMs) {
  const leftMs = originMs + due - wallMs()
  if (leftMs > 0 && Atomics.wait(stop, 0, 0, leftMs) !== 'timed-out') break
  // Also for a moment already past: whether the last ring covered it, only its hearer knows.
  parentPort?.postMessage(null)
}
