import { after, before, suite, type TestContext, test } from 'node:test'
import { missing } from './needs.ts'
import { comparable, exchange } from './raw-http.ts'
import { SideBySide } from './side-by-side.ts'

const page = 'https://dapp.example'
const flags = ['--graphql', '--http.corsdomain', page]
/** What Geth has apart for GraphQL is with the proxy one. */
const gethFlags = ['--graphql.corsdomain', page]
const query = '{"query":"{block{number hash transactionCount}}"}'
const blocks = '{"query":"{blocks(from:0,to:40){number hash logsBloom}}"}'

/** Requests to `/graphql` by name. */
const requests: Readonly<Record<string, string>> = {
  'a query': post('/graphql', query),
  'a query, with a slash': post('/graphql/', query),
  'a query, compressed': post('/graphql', query, 'Accept-Encoding: gzip'),
  'a long answer': post('/graphql', blocks),
  'a long answer, compressed': post('/graphql', blocks, 'Accept-Encoding: gzip'),
  'a query that fails': post('/graphql', '{"query":"{nope}"}'),
  'no JSON': post('/graphql', '{'),
  'no body': 'GET /graphql HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'the last': post('/graphql', query, 'Connection: close'),
  'HTTP/1.0': post('/graphql', query).replace('HTTP/1.1', 'HTTP/1.0'),
  'another host': post('/graphql', query).replace('localhost', 'evil'),
  'a page of ours': post('/graphql', query, `Origin: ${page}`),
  'another page': post('/graphql', query, 'Origin: https://evil.example'),
  'a preflight':
    'OPTIONS /graphql HTTP/1.1\r\nHost: localhost\r\nOrigin: https://dapp.example\r\nAccess-Control-Request-Method: POST\r\n\r\n',
  'the page': 'GET /graphql/ui HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'its style': 'GET /graphql/ui/graphiql.min.css HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'a post to the page': post('/graphql/ui', query),
  'a path beside it': post('/graphqlx', query),
  'a WebSocket':
    'GET /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
}

suite('GraphQL', { skip: missing() ?? false }, () => {
  let sides: SideBySide
  before(async () => {
    sides = await SideBySide.start({ flags, gethFlags })
  })
  after(() => sides.close())

  for (const [name, request] of Object.entries(requests)) {
    test(`${name} is answered alike`, async (t: TestContext) => {
      const [direct, proxied] = await Promise.all(
        [sides.direct, sides.proxied].map(({ httpPort }) =>
          exchange(httpPort, Buffer.from(request, 'latin1')),
        ),
      )
      const of = (answers: typeof direct) => answers?.map(comparable).map(withoutVary)
      t.assert.deepEqual(of(proxied), of(direct))
    })
  }
})

/** Geth serves its page past the check of origins; with the proxy nothing is past it. */
function withoutVary({ headers, ...answer }: ReturnType<typeof comparable>) {
  return { ...answer, headers: headers.filter((line) => line !== 'Vary: Origin') }
}

function post(path: string, body: string, more = 'X-None: 1'): string {
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
