/** Does one step of a longer work under a name, and gives what it gave. */
export type Steps = <Result>(
  name: string,
  work: () => Promise<Result>,
  /** What to say of its result, in some words. */
  detail?: (result: Result) => string,
) => Promise<Result>

/** Does the steps and tells nobody. */
export const untold: Steps = (_name, work) => work()

/** A step that is done. */
export type StepTime = { readonly name: string; readonly ms: number; readonly detail: string }

/** Does the steps, keeps how long each took, and tells of each as it begins and as it is done. */
export function timedSteps(
  onBegin: (name: string) => void,
  onDone: (step: StepTime) => void,
): { readonly steps: Steps; readonly times: readonly StepTime[] } {
  const times: StepTime[] = []
  const steps: Steps = async (name, work, detail) => {
    onBegin(name)
    const beganMs = performance.now()
    const result = await work()
    const step = { name, ms: performance.now() - beganMs, detail: detail?.(result) ?? '' }
    times.push(step)
    onDone(step)
    return result
  }
  return { steps, times }
}

/** `network    0.12 s  10.213.7.0/24`, the name in a column of twelve. */
export function stepLine({ name, ms, detail }: StepTime): string {
  return `  ${name.padEnd(12)} ${(ms / 1000).toFixed(2).padStart(6)} s  ${detail}`.trimEnd()
}
