/** Raw HTTP requests at the edges of what Go and Geth take, by name; every character is one byte. */

const call = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
const json = 'Content-Type: application/json'
const host = 'Host: 127.0.0.1'
const length = `Content-Length: ${call.length}`

/** What Geth's headers depend on: the same request with each of these, or without. */
export const encodings: Readonly<Record<string, readonly string[]>> = {
  plain: [],
  gzip: ['Accept-Encoding: gzip'],
  'gzip weighed at nothing': ['Accept-Encoding: deflate, gzip;q=0'],
  'gzip in capitals': ['Accept-Encoding: GZIP'],
  'gzip in a second header': ['Accept-Encoding: br', 'Accept-Encoding: gzip'],
}

/** Requests that are worth asking with each of the encodings. */
export function requestsWith(more: readonly string[]): Readonly<Record<string, string>> {
  return {
    'a call': head('POST / HTTP/1.1', host, json, ...more, length) + call,
    'another path': head('POST /foo HTTP/1.1', host, json, ...more, length) + call,
    'another method': head('PUT / HTTP/1.1', host, json, ...more, length) + call,
    'no media type': head('POST / HTTP/1.1', host, ...more, length) + call,
    'another host': head('POST / HTTP/1.1', 'Host: evil', json, ...more, length) + call,
    health: head('GET / HTTP/1.1', host, ...more),
    'no body': head('POST / HTTP/1.1', host, json, ...more, 'Content-Length: 0'),
    'broken JSON': `${head('POST / HTTP/1.1', host, json, ...more, 'Content-Length: 1')}{`,
    options: head('OPTIONS / HTTP/1.1', host, ...more),
    'options with a call': head('OPTIONS / HTTP/1.1', host, ...more, length) + call,
    preflight: preflight(host, 'https://dapp.example', 'POST', 'content-type', more),
    head: head('HEAD / HTTP/1.1', host, ...more),
    'head with a type': head('HEAD / HTTP/1.1', host, json, ...more),
    'head with a call': head('HEAD / HTTP/1.1', host, json, ...more, length) + call,
    'too long': head('POST / HTTP/1.1', host, json, ...more, 'Content-Length: 5242881'),
    'too long to put': head('PUT / HTTP/1.1', host, json, ...more, 'Content-Length: 5242881'),
    'too long for options': head('OPTIONS / HTTP/1.1', host, ...more, 'Content-Length: 5242881'),
    'too long, elsewhere': head('POST /x HTTP/1.1', host, ...more, 'Content-Length: 5242881'),
    'long, of no type': head('POST / HTTP/1.1', host, ...more, 'Content-Length: 262144'),
    'HTTP/1.0': head('POST / HTTP/1.0', json, ...more, length) + call,
    'HTTP/1.0, kept':
      head('POST / HTTP/1.0', json, ...more, 'Connection: keep-alive', length) + call,
    'HTTP/1.0, kept among others':
      head('POST / HTTP/1.0', json, ...more, 'Connection: Keep-Alive, foo', length) + call,
    'HTTP/1.0, another path': head('POST /x HTTP/1.0', json, ...more, length) + call,
    'HTTP/1.0, health': head('GET / HTTP/1.0', ...more),
    'HTTP/1.0, no body': head('POST / HTTP/1.0', json, ...more, 'Content-Length: 0'),
    'the last': head('POST / HTTP/1.1', host, json, ...more, 'Connection: Close', length) + call,
    'the last among others':
      head('POST / HTTP/1.1', host, json, ...more, 'Connection: foo, close', length) + call,
    'kept though it is':
      head('POST / HTTP/1.1', host, json, ...more, 'Connection: keep-alive', length) + call,
    'an answer of 2 KB': post(
      '{"jsonrpc":"2.0","id":1,"method":"debug_getRawBlock","params":["0x1"]}',
      more,
    ),
    'an answer of 50 KB': post(traceOf(''), more),
  }
}

/** Everything else. */
export const oddRequests: Readonly<Record<string, string>> = {
  ...each(
    [
      'localhost:80',
      'LOCALHOST:1',
      'localhost:',
      '[::1]',
      '[::1]:80',
      '::1',
      '1.2.3.4:5:6',
      'a:b:c',
      '',
    ].concat(
      [
        'localhost.',
        'evil@localhost',
        '127.0.0.1.',
        '0x7f.1',
        '[::1',
        '[fe80::1%eth0]:8',
        'localhost:abc',
      ],
      ['a b', 'a"b', 'a'.repeat(300)],
    ),
    'host',
    (name) => head('POST / HTTP/1.1', `Host: ${name}`, json, length) + call,
  ),
  'no host': head('POST / HTTP/1.1', json, length) + call,
  'two hosts': head('POST / HTTP/1.1', host, 'Host: evil', json, length) + call,
  ...each(
    [
      '//',
      '/?',
      '/?a=b',
      '/#x',
      '/%2f',
      '/.',
      '/./',
      '/..',
      '*',
      '/?%zz',
      '/%zz',
      '?',
      '/;x',
      '/x',
    ].concat([
      'http://127.0.0.1/',
      'http://127.0.0.1',
      'http://evil/',
      'HTTP://LOCALHOST/?x',
      `/${'a'.repeat(99_999)}`,
    ]),
    'target',
    (target) => head(`POST ${target} HTTP/1.1`, host, json, length) + call,
  ),
  ...each(['/?', '/?a=b', 'http://127.0.0.1/', 'http://evil/', '*'], 'target of a GET', (target) =>
    head(`GET ${target} HTTP/1.1`, host),
  ),
  ...each(
    [
      'APPLICATION/JSON',
      'application/json;',
      'application/json; charset',
      'application/json; a=',
    ].concat(
      [
        'application/json; charset="utf-8"',
        'application/json;charset=utf-8;',
        'application/json; a=b; a=b',
      ],
      [
        'application/json; a=b; a=c',
        'application/json; a="b',
        'application/json ; a=b',
        'application/json, a/b',
      ],
      [
        'application/json-rpc',
        'application/jsonrequest; x=y',
        'application/x-json',
        'text/json',
        'json',
      ],
      ['application / json', 'application/json; =x', 'application/json; ;', 'application/json;;'],
      [
        "application/json; charset*=utf-8''x",
        'application/json; a=b c',
        'application',
        'application/json/x',
      ],
    ),
    'media type',
    (type) => head('POST / HTTP/1.1', host, `Content-Type: ${type}`, length) + call,
  ),
  'two media types': head('POST / HTTP/1.1', host, 'Content-Type: text/plain', json, length) + call,
  'two media types, ours first':
    head('POST / HTTP/1.1', host, json, 'Content-Type: a/b', length) + call,
  ...each(
    ['GET', 'DELETE', 'PATCH', 'TRACE', 'PROPFIND', 'M-SEARCH', 'QUERY', 'G{T'],
    'method',
    (method) => head(`${method} / HTTP/1.1`, host, json, length) + call,
  ),
  'a GET with a body of no type': head('GET / HTTP/1.1', host, length) + call,
  ...chunked({
    'in chunks': `5\r\n${call.slice(0, 5)}\r\n2a\r\n${call.slice(5)}\r\n0\r\n\r\n`,
    'in chunks, with all that may be there': `2f;a=b\r\n${call}\r\n0\r\nX-Trailer: 1\r\n\r\n`,
    'in chunks, empty': '0\r\n\r\n',
    'in chunks, with no size': 'zz\r\n',
    'in chunks, with a size too large': 'ffffffffffffffffff\r\n',
    'in chunks, broken off behind a call': `2f\r\n${call}xx0\r\n\r\n`,
    'in chunks, broken off within a call': `20\r\n${call.slice(0, 32)}xx`,
    'in chunks, longer than its call by far': `2f\r\n${call}\r\n50000\r\n${' '.repeat(0x50000)}\r\n`,
    'in chunks, longer than its call': `2f\r\n${call}\r\n3000\r\n${' '.repeat(0x3000)}\r\n0\r\n\r\n`,
  }),
  'a GET in chunks, empty': `${head('GET / HTTP/1.1', host, 'Transfer-Encoding: chunked')}0\r\n\r\n`,
  ...each(['identity', 'gzip, chunked', 'chunked, chunked', 'x'], 'encoding', (encoding) =>
    head('POST / HTTP/1.1', host, json, `Transfer-Encoding: ${encoding}`),
  ),
  ...each(
    ['abc', '+47', '-1', '0x10', '', '10, 10', '99999999999999999999'],
    'length',
    (size) => head('POST / HTTP/1.1', host, json, `Content-Length: ${size}`) + call,
  ),
  'two lengths': head('POST / HTTP/1.1', host, json, length, 'Content-Length: 3') + call,
  'longer than its call by far':
    head('POST / HTTP/1.1', host, json, 'Content-Length: 5242880') + call,
  'bytes behind the last': head('GET / HTTP/1.1', host, 'Connection: close') + call,
  'an answer of 20 MB': post(traceOf('"enableMemory":true')),
  'an answer of 20 MB, compressed': post(traceOf('"enableMemory":true'), ['Accept-Encoding: gzip']),
  'told to go on': post(call, ['Expect: 100-continue']),
  'told not to go on': head('POST / HTTP/1.1', host, 'Expect: 100-continue', length),
  'told that it is too long': head(
    'POST / HTTP/1.1',
    host,
    json,
    'Expect: 100-continue',
    'Content-Length: 6000000',
  ),
  'expecting something else': post(call, ['Expect: foo']),
  'compressed, so it says': post(call, ['Content-Encoding: gzip']),
  'to become what nobody is': post(call, ['Connection: Upgrade', 'Upgrade: foo']),
  'to become HTTP/2': post(call, [
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABk',
  ]),
  'HTTP/2.0 as it is not': head('POST / HTTP/2.0', host, json, length) + call,
  'no space behind a colon':
    head('POST / HTTP/1.1', host, 'Content-Type:application/json', length) + call,
  'a control character in a header': post(call, ['X: a\x01b']),
  'a NUL in a header': post(call, ['X: a\0b']),
  'a CR in a header': post(call, ['X: a\rb']),
  'no colon': post(call, ['X']),
  'no name': post(call, [': x']),
  'a header of 64 KiB': post(call, [`X: ${'a'.repeat(65_536)}`]),
  'a header of 1 MiB': post(call, [`X: ${'a'.repeat(1_100_000)}`]),
  'no WebSocket: no key': upgrade('Sec-WebSocket-Version: 13'),
  'no WebSocket: another version': upgrade(
    'Sec-WebSocket-Version: 8',
    `Sec-WebSocket-Key: ${'A'.repeat(22)}==`,
  ),
  'no WebSocket: another origin': upgrade(
    ...[
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${'A'.repeat(22)}==`,
      'Origin: https://evil',
    ],
  ),
}

/** Several requests in one go, and how many answers there are. */
export const pipelines: Readonly<Record<string, readonly [string, number]>> = {
  'calls, health and nonsense': [
    post(call) + post(call) + head('GET / HTTP/1.1', host) + post('{'),
    4,
  ],
  'a call behind a notification': [
    post('{"jsonrpc":"2.0","method":"eth_chainId"}') + post(call),
    2,
  ],
  'what cannot be read behind a call': [`${post(call)}G{T / HTTP/1.1\r\n\r\n`, 2],
}

/** A preflight, as browsers send it. */
export function preflight(
  hostLine: string,
  origin: string,
  method: string,
  names: string,
  more: readonly string[] = [],
): string {
  const asked = method === '' ? [] : [`Access-Control-Request-Method: ${method}`]
  const headers = names === '' ? [] : [`Access-Control-Request-Headers: ${names}`]
  const from = origin === '' ? [] : [`Origin: ${origin}`]
  return head('OPTIONS / HTTP/1.1', hostLine, ...from, ...asked, ...headers, ...more)
}

export function post(body: string, more: readonly string[] = []): string {
  return head('POST / HTTP/1.1', host, json, ...more, `Content-Length: ${body.length}`) + body
}

function upgrade(...more: readonly string[]): string {
  return head('GET / HTTP/1.1', host, 'Connection: Upgrade', 'Upgrade: websocket', ...more)
}

function traceOf(options: string): string {
  return `{"jsonrpc":"2.0","id":1,"method":"debug_traceBlockByNumber","params":["0x2",{${options}}]}`
}

function head(...lines: readonly string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`
}

function each(
  values: readonly string[],
  what: string,
  make: (value: string) => string,
): Record<string, string> {
  return Object.fromEntries(values.map((value) => [`${what} ${value.slice(0, 40)}`, make(value)]))
}

function chunked(bodies: Record<string, string>): Record<string, string> {
  const opening = head('POST / HTTP/1.1', host, json, 'Transfer-Encoding: chunked')
  return Object.fromEntries(Object.entries(bodies).map(([name, body]) => [name, opening + body]))
}
