/**
 * A process that takes CPU in short bursts, as a neighbour does that nobody has told of: so many
 * milliseconds of CPU time every ten, however long it waits for them. Its starter says how many.
 */
const periodMs = 10
const idleMs = 50

let burnMs = 0
process.on('message', (message) => {
  burnMs = Number(message)
})
process.on('disconnect', () => process.exit(0))
process.send?.('ready')
setImmediate(work)

function work(): void {
  const untilMs = performance.now() + periodMs
  const fromUs = cpuUs()
  while (cpuUs() - fromUs < burnMs * 1000);
  // Throttled beyond its period, it begins the next at once and makes up for nothing.
  setTimeout(work, burnMs === 0 ? idleMs : Math.max(0, untilMs - performance.now()))
}

function cpuUs(): number {
  const { user, system } = process.threadCpuUsage()
  return user + system
}
