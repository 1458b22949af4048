import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'

const chart = join(import.meta.dirname, '../../../docker/helm/equipoise')

/** Why the chart cannot be rendered here; false where it can. */
export const noHelm =
  spawnSync('helm', ['version']).error === undefined
    ? false
    : 'needs Helm: go install helm.sh/helm/v3/cmd/helm@latest'

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string() }),
})

/** An object of Kubernetes, as far as every one is alike. */
export type KubernetesObject = z.infer<typeof objectSchema>

export type HelmRun = {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Renders the chart as release `eq` of namespace `ethereum`, for a Kubernetes of 2025. */
export function helmTemplate(...flags: readonly string[]): HelmRun {
  const place = ['eq', chart, '--namespace', 'ethereum', '--kube-version', '1.33.0']
  return spawnSync('helm', ['template', ...place, ...flags], { encoding: 'utf8' })
}

/** `helm lint`, with warnings taken as errors. */
export function helmLint(): HelmRun {
  return spawnSync('helm', ['lint', '--strict', chart], { encoding: 'utf8' })
}

/** What it renders, in Helm's order. @throws Error with Helm's words when it does not */
export function rendered(...flags: readonly string[]): readonly KubernetesObject[] {
  const { status, stdout, stderr } = helmTemplate(...flags)
  if (status !== 0) throw new Error(stderr)
  return parseAllDocuments(stdout).map((document) => objectSchema.parse(document.toJS()))
}

/** The one object of a kind whose name ends so. @throws Error where there is none */
export function objectOf(
  objects: readonly KubernetesObject[],
  kind: string,
  ending: string,
): KubernetesObject {
  const found = objects.find(
    ({ kind: of, metadata }) => of === kind && metadata.name.endsWith(ending),
  )
  if (found === undefined) throw new Error(`the chart renders no ${kind} …${ending}`)
  return found
}
