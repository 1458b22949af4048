import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PidFile, parsePid } from './pid-file.ts'

function inFolder(run: (file: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-pid-'))
  try {
    run(join(folder, 'node.pid'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('a pid file names its pid, and another when it is written again', (t) => {
  inFolder((file) => {
    const pidFile = new PidFile(file)
    t.assert.equal(pidFile.current(), undefined)
    writeFileSync(file, '4242\n')
    const first = pidFile.current()
    t.assert.equal(first?.pid, 4242)
    t.assert.equal(pidFile.current()?.version, first?.version)
    writeFileSync(file, '51\n')
    t.assert.equal(pidFile.current()?.pid, 51)
  })
})

test('the same pid written again is another naming', (t) => {
  inFolder((file) => {
    const pidFile = new PidFile(file)
    writeFileSync(file, '4242\n')
    const first = pidFile.current()
    utimesSync(file, 1, 1)
    t.assert.equal(pidFile.current()?.pid, 4242)
    t.assert.notEqual(pidFile.current()?.version, first?.version)
  })
})

test('a file half written, too long or not a pid names nothing', (t) => {
  inFolder((file) => {
    const pidFile = new PidFile(file)
    for (const text of ['', 'abc\n', `${'1'.repeat(100)}\n`]) {
      writeFileSync(file, text)
      t.assert.equal(pidFile.current(), undefined)
    }
  })
})

test('a file that was removed names nothing', (t) => {
  inFolder((file) => {
    const pidFile = new PidFile(file)
    writeFileSync(file, '4242\n')
    pidFile.current()
    rmSync(file)
    t.assert.equal(pidFile.current(), undefined)
  })
})

test('a pid is a whole number from 1 to 2²²', (t) => {
  t.assert.equal(parsePid('1'), 1)
  t.assert.equal(parsePid('4194304'), 4_194_304)
  for (const text of ['0', '-1', '01', '1.5', '4194305', '99999999', '0x10', ' 7', '']) {
    t.assert.equal(parsePid(text), undefined, text)
  }
})
