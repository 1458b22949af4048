import { test } from 'node:test'
import { countOfList, field, fieldInKb, pressureS, soleNumber, textField } from './kernel-text.ts'

test('a field is found at the start of its line only', (t) => {
  const text = 'file 7\ninactive_file 12\nactive_file 3\n'
  t.assert.equal(field(text, 'file'), 7)
  t.assert.equal(field(text, 'active_file'), 3)
  t.assert.equal(field(text, 'inactive_file'), 12)
})

test('what is not there is undefined, never 0', (t) => {
  t.assert.equal(field('', 'usage_usec'), undefined)
  t.assert.equal(field('usage_usec', 'usage_usec'), undefined)
  t.assert.equal(field('usage_usec x\n', 'usage_usec'), undefined)
  t.assert.equal(fieldInKb('MemFree: 1 kB\n', 'MemTotal'), undefined)
  t.assert.equal(textField('Pid:\t1\n', 'NSpid'), undefined)
  t.assert.equal(soleNumber(undefined), undefined)
  t.assert.equal(soleNumber(''), undefined)
  t.assert.equal(pressureS('some avg10=0.00\n', 'some'), undefined)
  t.assert.equal(pressureS('some avg10=0.00 total=1\n', 'full'), undefined)
  t.assert.equal(countOfList(''), undefined)
})

test('no limit is no number', (t) => {
  t.assert.equal(soleNumber('max\n'), undefined)
  t.assert.equal(soleNumber('-1\n'), undefined)
  t.assert.equal(soleNumber('0\n'), 0)
})

test('kB are 1024 bytes', (t) => {
  t.assert.equal(fieldInKb('VmRSS:\t    1680 kB\n', 'VmRSS'), 1680 * 1024)
})

test('pressure is the total of its line, in seconds', (t) => {
  const text = 'some avg10=12.44 avg60=2.62 avg300=0.56 total=1799446\nfull avg10=1 total=250000\n'
  t.assert.equal(pressureS(text, 'some'), 1.799446)
  t.assert.equal(pressureS(text, 'full'), 0.25)
})

test('a list of CPUs counts its ranges', (t) => {
  t.assert.equal(countOfList('0-3,8\n'), 5)
  t.assert.equal(countOfList('7\n'), 1)
})
