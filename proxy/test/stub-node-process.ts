import { StubNode } from './stub-node.ts'

/** A stub node as its own process, so that it can be stopped and go on: prints its URL. */
const node = new StubNode(process.argv[2] ?? 'node')
await node.start()
process.stdout.write(`${node.url}\n`)
process.on('disconnect', () => process.exit())
