import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { TestContext } from 'node:test'

/**
 * An address of this machine that is not loopback, or null: an API server takes no loopback address
 * for an endpoint. What is sent there does not leave the machine.
 */
export function ownAddress(): string | null {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? null
}

/** A node that answers what it is asked, with its name; ended with the test. */
export async function smallNode(t: TestContext, name: string, address: string): Promise<number> {
  const answers: Readonly<Record<string, string>> = {
    eth_chainId: '0x7a69',
    eth_blockNumber: '0x10',
    web3_clientVersion: 'Geth/v1.17.5',
  }
  const server = createServer((request, response) => {
    // It speaks no WebSocket.
    if (request.method !== 'POST') {
      response.writeHead(405).end()
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    // What is broken off has no end.
    request.once('end', () => {
      const { id, method } = JSON.parse(Buffer.concat(chunks).toString('utf8'))
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: answers[method] ?? name }))
    })
  })
  server.listen(0, address)
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}
