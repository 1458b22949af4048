import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { requestHeaders, responseLines, withoutLoad } from './passed-headers.ts'

test('a node gets no header of the connection, none that is named so, and no origin', (t: TestContext) => {
  const request = requestWith({
    host: 'localhost',
    connection: 'close, X-Hop',
    'x-hop': '1',
    te: 'trailers',
    upgrade: 'foo',
    expect: '100-continue',
    origin: 'https://d.example',
    'content-type': 'application/json',
    'transfer-encoding': 'chunked',
  })
  t.assert.deepEqual(requestHeaders(request, false), {
    host: 'localhost',
    'content-type': 'application/json',
    'transfer-encoding': 'chunked',
  })
})

test('of a tunnel it gets what asks for it', (t: TestContext) => {
  const request = requestWith({ connection: 'keep-alive, Upgrade', upgrade: 'websocket' })
  t.assert.deepEqual(requestHeaders(request, true), { connection: 'Upgrade', upgrade: 'websocket' })
})

test('an answer keeps its lines, but for those that are made anew', (t: TestContext) => {
  const kept = ['X-A', '1', 'Set-Cookie', 'a', 'Set-Cookie', 'b', 'Vary', 'Accept']
  const dropped = ['Date', 'x', 'Connection', 'close', 'Access-Control-Allow-Origin', '*']
  const made = ['Content-Length', '1', 'Vary', 'Origin', 'Transfer-Encoding', 'chunked']
  t.assert.deepEqual(responseLines([...dropped, ...kept, ...made]), kept)
})

test('what a node says of its load is for us alone', (t: TestContext) => {
  const load = ['Endpoint-Load-Metrics', 'TEXT eps=1', 'endpoint-load-metrics-bin', 'CQ==']
  t.assert.deepEqual(responseLines([...load, 'X-A', '1']), ['X-A', '1'])
  const headers = {
    'endpoint-load-metrics': 'TEXT eps=1',
    'endpoint-load-metrics-bin': 'CQ==',
    upgrade: 'websocket',
  }
  withoutLoad(headers)
  t.assert.deepEqual(headers, { upgrade: 'websocket' })
})

function requestWith(headers: IncomingMessage['headers']): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  request.headers = headers
  return request
}
