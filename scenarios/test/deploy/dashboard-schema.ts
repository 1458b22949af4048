import { z } from 'zod'

/**
 * Grafana's dashboard JSON of schema version 41 (Grafana 12.0 and 12.1), as far as ours uses it, with
 * nothing beside it: written after `Dashboard`, `Panel` and the panels' own options in the package
 * `@grafana/schema` 12.1.0, which is types alone and cannot be asked at run time. Grafana drops a
 * key that it does not know without a word, so a misspelt one would go unnoticed.
 */
const datasource = z.strictObject({
  type: z.literal('prometheus'),
  uid: z.string().regex(/^\$\{DS_PROMETHEUS\}$/),
})

const gridPos = z.strictObject({
  h: z.int().min(1),
  w: z.int().min(1).max(24),
  x: z.int().min(0).max(23),
  y: z.int().min(0),
})

const target = z.strictObject({
  refId: z.string().regex(/^[A-Z]$/),
  datasource,
  editorMode: z.literal('code'),
  expr: z.string().min(1),
  legendFormat: z.string(),
  range: z.boolean(),
  instant: z.boolean(),
  format: z.enum(['time_series', 'table', 'heatmap']).optional(),
})

const threshold = z.strictObject({ color: z.string(), value: z.number().nullable() })
const thresholds = z.strictObject({
  mode: z.enum(['absolute', 'percentage']),
  // The first step is the ground, and has no value.
  steps: z.tuple([z.strictObject({ color: z.string(), value: z.null() })], threshold),
})
const mapping = z.strictObject({
  type: z.literal('value'),
  options: z.record(
    z.string(),
    z.strictObject({ text: z.string(), color: z.string(), index: z.int() }),
  ),
})

function fieldConfig<Custom extends z.ZodType>(custom: Custom) {
  return z.strictObject({
    defaults: z.strictObject({
      unit: z.string().optional(),
      min: z.number().optional(),
      max: z.number().optional(),
      decimals: z.int().optional(),
      color: z.strictObject({ mode: z.enum(['palette-classic', 'thresholds']) }),
      custom,
      mappings: z.array(mapping),
      thresholds,
    }),
    overrides: z.array(
      z.strictObject({
        matcher: z.strictObject({ id: z.literal('byRegexp'), options: z.string() }),
        properties: z.array(z.strictObject({ id: z.string(), value: z.unknown() })),
      }),
    ),
  })
}

const legend = z.strictObject({
  displayMode: z.enum(['list', 'table', 'hidden']),
  placement: z.enum(['bottom', 'right']),
  showLegend: z.boolean(),
  calcs: z.array(z.string()),
})
const tooltip = z.strictObject({
  mode: z.enum(['single', 'multi', 'none']),
  sort: z.enum(['asc', 'desc', 'none']),
})

const shared = {
  id: z.int().min(1),
  title: z.string().min(1),
  description: z.string().min(1).optional(),
  datasource,
  gridPos,
  targets: z.array(target).min(1),
}

const timeseries = z.strictObject({
  ...shared,
  type: z.literal('timeseries'),
  fieldConfig: fieldConfig(
    z.strictObject({
      drawStyle: z.enum(['line', 'bars', 'points']),
      lineInterpolation: z.enum(['linear', 'smooth', 'stepBefore', 'stepAfter']),
      lineWidth: z.int(),
      fillOpacity: z.int(),
      showPoints: z.enum(['auto', 'never', 'always']),
      spanNulls: z.boolean(),
      stacking: z.strictObject({ mode: z.enum(['none', 'normal', 'percent']), group: z.string() }),
      thresholdsStyle: z.strictObject({ mode: z.enum(['off', 'dashed', 'line', 'area']) }),
    }),
  ),
  options: z.strictObject({ legend, tooltip }),
})

const stat = z.strictObject({
  ...shared,
  type: z.literal('stat'),
  fieldConfig: fieldConfig(z.never().optional()),
  options: z.strictObject({
    reduceOptions: z.strictObject({
      calcs: z.array(z.string()),
      fields: z.string(),
      values: z.boolean(),
    }),
    orientation: z.enum(['auto', 'horizontal', 'vertical']),
    textMode: z.enum(['auto', 'value', 'value_and_name', 'name', 'none']),
    wideLayout: z.boolean(),
    colorMode: z.enum(['value', 'background', 'background_solid', 'none']),
    graphMode: z.enum(['none', 'line', 'area']),
    justifyMode: z.enum(['auto', 'center']),
    showPercentChange: z.boolean(),
    percentChangeColorMode: z.enum(['standard', 'inverted', 'same_as_value']),
  }),
})

const timeline = z.strictObject({
  ...shared,
  type: z.literal('state-timeline'),
  fieldConfig: fieldConfig(z.strictObject({ lineWidth: z.int(), fillOpacity: z.int() })),
  options: z.strictObject({
    mergeValues: z.boolean(),
    showValue: z.enum(['auto', 'never', 'always']),
    alignValue: z.enum(['left', 'center', 'right']),
    rowHeight: z.number(),
    legend,
    tooltip,
  }),
})

const table = z.strictObject({
  ...shared,
  type: z.literal('table'),
  transformations: z.array(
    z.strictObject({
      id: z.enum(['merge', 'organize']),
      options: z.record(z.string(), z.unknown()),
    }),
  ),
  fieldConfig: fieldConfig(
    z.strictObject({
      align: z.enum(['auto', 'left', 'center', 'right']),
      cellOptions: z.strictObject({ type: z.literal('auto') }),
      inspect: z.boolean(),
    }),
  ),
  options: z.strictObject({
    frameIndex: z.int(),
    showHeader: z.boolean(),
    cellHeight: z.enum(['sm', 'md', 'lg', 'auto']),
  }),
})

const row = z.strictObject({
  id: z.int().min(1),
  type: z.literal('row'),
  title: z.string().min(1),
  collapsed: z.literal(false),
  panels: z.tuple([]),
  gridPos,
})

const variable = z.strictObject({
  type: z.enum(['datasource', 'query']),
  name: z.string(),
  label: z.string(),
  datasource: datasource.optional(),
  query: z.union([z.string(), z.strictObject({ query: z.string(), refId: z.string() })]),
  refresh: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  regex: z.string(),
  sort: z.int().optional(),
  multi: z.boolean(),
  includeAll: z.boolean(),
  allValue: z.string().optional(),
  hide: z.literal(0),
  skipUrlSync: z.boolean(),
  options: z.tuple([]),
  current: z.strictObject({
    text: z.union([z.string(), z.array(z.string())]),
    value: z.union([z.string(), z.array(z.string())]),
  }),
})

export const dashboardSchema = z.strictObject({
  uid: z.string().regex(/^[a-zA-Z0-9_-]{1,40}$/),
  title: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  schemaVersion: z.literal(41),
  version: z.int(),
  editable: z.boolean(),
  graphTooltip: z.union([z.literal(0), z.literal(1), z.literal(2)]),
  timezone: z.string(),
  refresh: z.string(),
  time: z.strictObject({ from: z.string(), to: z.string() }),
  timepicker: z.strictObject({}),
  weekStart: z.string(),
  fiscalYearStartMonth: z.int().min(0).max(11),
  preload: z.boolean(),
  links: z.tuple([]),
  annotations: z.strictObject({ list: z.array(z.record(z.string(), z.unknown())) }),
  templating: z.strictObject({ list: z.array(variable) }),
  panels: z.array(z.discriminatedUnion('type', [row, timeseries, stat, timeline, table])),
})

export type Dashboard = z.infer<typeof dashboardSchema>
export type Panel = Dashboard['panels'][number]
