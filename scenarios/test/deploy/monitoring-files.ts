import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'

const docker = join(import.meta.dirname, '../../../docker')

export const alertsPath = join(docker, 'prometheus/alerts.yml')
export const alertTestsPath = join(docker, 'prometheus/alerts_test.yml')
export const prometheusPath = join(docker, 'prometheus/prometheus.yml')

const rulesSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string(),
          expr: z.string(),
          for: z.string().regex(/^\d+[sm]$/),
          labels: z.strictObject({
            severity: z.enum(['page', 'ticket']),
            window: z.string().optional(),
          }),
          annotations: z.strictObject({ summary: z.string(), description: z.string() }),
        }),
      ),
    }),
  ),
})

const casesSchema = z.object({
  tests: z.array(
    z.object({
      name: z.string(),
      alert_rule_test: z.array(
        z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) }),
      ),
    }),
  ),
})

export type AlertRule = z.infer<typeof rulesSchema>['groups'][number]['rules'][number]

/** Every rule of alerts.yml. @throws ZodError for a file that is not as ours are */
export function alertRules(): readonly AlertRule[] {
  return rulesSchema
    .parse(parse(readFileSync(alertsPath, 'utf8')))
    .groups.flatMap(({ rules }) => rules)
}

/** For each case of alerts_test.yml the alert, and whether it is to fire. */
export function alertCases(): readonly { readonly alert: string; readonly fires: boolean }[] {
  const { tests } = casesSchema.parse(parse(readFileSync(alertTestsPath, 'utf8')))
  return tests.flatMap(({ alert_rule_test }) =>
    alert_rule_test.map(({ alertname, exp_alerts }) => ({
      alert: alertname,
      fires: exp_alerts.length > 0,
    })),
  )
}

/** The dashboard as it is shipped, not looked at. */
export function dashboardJson(): unknown {
  return JSON.parse(readFileSync(join(docker, 'grafana/dashboards/equipoise.json'), 'utf8'))
}
