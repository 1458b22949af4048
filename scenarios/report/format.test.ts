import { type TestContext, test } from 'node:test'
import {
  formatEstimate,
  formatMoment,
  formatMs,
  formatPercent,
  formatRate,
  formatRatio,
  formatSpan,
} from './format.ts'

test('a figure has about three digits', (t: TestContext) => {
  t.assert.deepEqual([0.004, 0.849, 9.996, 12.34, 99.96, 1234.5, 1_234_567].map(formatMs), [
    '0.00',
    '0.85',
    '10.0',
    '12.3',
    '100',
    '1,235',
    '1,234,567',
  ])
  t.assert.deepEqual([0.5, 99.96, 12_345].map(formatRate), ['0.5', '100', '12,345'])
  t.assert.deepEqual([0.714, 1, 12.34].map(formatRatio), ['0.71', '1.00', '12.3'])
})

test('nothing short of all is called 100 %', (t: TestContext) => {
  t.assert.equal(formatPercent(1, 2), '100.00 %')
  t.assert.equal(formatPercent(0.99999, 2), '> 99.99 %')
  t.assert.equal(formatPercent(0.9995, 1), '> 99.9 %')
  t.assert.equal(formatPercent(0.333, 0), '33 %')
})

test('an interval follows its figure, and none is made up', (t: TestContext) => {
  const format = formatMs
  t.assert.equal(formatEstimate({ value: 12, low: 10, high: 14.4 }, format), '12.0 (10.0–14.4)')
  t.assert.equal(formatEstimate({ value: 12, low: null, high: null }, format), '12.0')
  t.assert.equal(formatEstimate({ value: 1, low: -3, high: 5 }, format), '1.00 (0.00–5.00)')
  t.assert.equal(formatEstimate({ value: 1, low: 0, high: 9e9 }, format), '1.00 (unbounded)')
  t.assert.equal(formatEstimate(null, format), '–')
})

test('times are told in the unit they are thought of', (t: TestContext) => {
  t.assert.deepEqual([250, 6000, 1500, 90_000, 180_000].map(formatSpan), [
    '250 ms',
    '6 s',
    '1.5 s',
    '90 s',
    '3 min',
  ])
  t.assert.equal(formatMoment('2026-01-02T03:04:05.000Z'), '2026-01-02 03:04 UTC')
})
