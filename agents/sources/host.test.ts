import { test } from 'node:test'
import { RecordedMachine } from '../test/recorded-machine.ts'
import { Host } from './host.ts'
import type { Sample } from './source.ts'

function line(name: string, busyMs: number): string {
  return ` 254 0 ${name} 1 2 3 4 5 6 7 8 0 ${busyMs} 557 0 0 0 0 123 171\n`
}

test('disk time is that of the busiest disk of each reading, memory disks left out', (t) => {
  using machine = new RecordedMachine('v2')
  machine.write('proc/diskstats', line('vda', 900_000) + line('vdb', 10) + line('zram0', 0))
  const host = new Host(machine.files, machine.procRoot)
  const sample: Sample = { atMs: 0, epoch: 0 }
  machine.write('proc/diskstats', line('vda', 900_100) + line('vdb', 260) + line('zram0', 999))
  host.refresh()
  machine.write('proc/diskstats', line('vda', 900_300) + line('vdb', 260) + line('zram0', 1999))
  host.refresh()
  host.read(sample)
  host.close()
  t.assert.equal(sample.hostDiskBusyS, 0.45)
})

test('the size of the host bounds what has no limit', (t) => {
  using machine = new RecordedMachine('v2')
  const host = new Host(machine.files, machine.procRoot)
  const sample: Sample = { atMs: 0, epoch: 0, memLimitBytes: 1 }
  host.read(sample)
  host.close()
  t.assert.equal(sample.cpus, 2)
  t.assert.equal(sample.memLimitBytes, 1)
})
