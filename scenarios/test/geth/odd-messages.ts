/** JSON-RPC messages at the edges of what Geth takes, by name; every character is one byte. */
export const oddMessages: Readonly<Record<string, string>> = {
  ...methodsOf({
    'unknown method': 'eth_nope',
    'unknown namespace': 'foo_bar',
    'no namespace': 'foobar',
    'two separators': 'eth_block_number',
    'separator first': '_eth',
    'separator last': 'eth_',
    'method in another case': 'eth_BlockNumber',
    'namespace in another case': 'ETH_blockNumber',
    'name to be escaped': 'eth_<b>&\\u2028\\"\\\\\\u00e9\\u0001\\b\\f\\n\\r\\t\\u007f',
    'name to be escaped of no namespace': 'foo_<b>&\\u2028\\"\\\\\\u0080\\ud83d\\ude00',
    'name that is not UTF-8': 'eth_\xff\xfe',
    'name with half a character': 'eth_\\ud800x',
    'longest name': `eth_${'x'.repeat(2044)}`,
    'name too long': `eth_${'x'.repeat(2045)}`,
    'name too long of no namespace': `foo_${'x'.repeat(2045)}`,
    'name too long to subscribe': `${'x'.repeat(2045)}_subscribe`,
    'removed methods': 'eth_mining',
    'a namespace that is gone': 'personal_listAccounts',
    'another port': 'engine_exchangeCapabilities',
    'a wallet': 'wallet_switchEthereumChain',
    'no params where some are wanted': 'eth_getBalance',
    'modules of rpc': 'rpc_modules',
    'unknown method of rpc': 'rpc_nope',
  }),
  ...paramsOf({
    'params missing': ['eth_getBalance', '[]'],
    'argument null': ['eth_getBalance', '[null]'],
    'too many arguments': ['eth_getBalance', `["0x${'0'.repeat(40)}","latest",1]`],
    'argument too short': ['eth_getBalance', '["0x00","latest"]'],
    'argument of another type': ['eth_getBalance', '[1]'],
    'params an object': ['eth_getBalance', '{"a":1}'],
    'params a text': ['eth_getBalance', '"x"'],
    'params a number': ['eth_getBalance', '1'],
    'params false': ['eth_getBalance', 'false'],
    'params null': ['eth_getBalance', 'null'],
    'params an empty text': ['eth_chainId', '""'],
    'params an empty object': ['eth_chainId', '{}'],
    'an argument where none is taken': ['eth_chainId', '[1]'],
    'params an object, method unknown': ['eth_nope', '{}'],
    'params an object, namespace unknown': ['foo_nope', '{}'],
    'modules with an argument': ['rpc_modules', '[1]'],
    'modules with an object': ['rpc_modules', '{}'],
    'a block to come': ['eth_getBalance', `["0x${'0'.repeat(40)}","0xffff"]`],
    'a block of no chain': [
      'eth_getBalance',
      `["0x${'0'.repeat(40)}",{"blockHash":"0x${'11'.repeat(32)}"}]`,
    ],
    'logs to come': ['eth_getLogs', '[{"fromBlock":"0x0","toBlock":"0xffff"}]'],
    'all logs': ['eth_getLogs', '[{"fromBlock":"0x0","toBlock":"latest"}]'],
    'no such filter': ['eth_getFilterChanges', '["0x1"]'],
    'no filter to remove': ['eth_uninstallFilter', '["0x1"]'],
    'a call that reverts': ['eth_call', '[{"input":"0xfd"}]'],
    'no transaction': ['eth_sendRawTransaction', '["0x01"]'],
    'an account that is not there': ['eth_sign', `["0x${'0'.repeat(40)}","0x00"]`],
    'unsubscribe what is not there': ['eth_unsubscribe', '["0x1"]'],
    'unsubscribe in any namespace': ['foo_unsubscribe', '["0x1"]'],
    'unsubscribe nothing': ['eth_unsubscribe', '[]'],
    'unsubscribe null': ['eth_unsubscribe', '[null]'],
    'unsubscribe a number': ['eth_unsubscribe', '[1]'],
    'unsubscribe an object': ['eth_unsubscribe', '[{}]'],
    'unsubscribe an array': ['eth_unsubscribe', '[[1]]'],
    'unsubscribe true': ['eth_unsubscribe', '[true]'],
    'unsubscribe two': ['eth_unsubscribe', '["0x1",2]'],
    'unsubscribe with an object': ['eth_unsubscribe', '{}'],
    'unsubscribe, and nothing else': ['_unsubscribe', '["0x1"]'],
    'subscribe to what is not there': ['eth_subscribe', '["nope"]'],
    'subscribe to a name to be escaped': ['eth_subscribe', '["<a>\\"\\\\\\u00e9\\n"]'],
    'subscribe nowhere': ['foo_subscribe', '["x"]'],
    'subscribe, and nothing else': ['_subscribe', '["x"]'],
    'subscribe to nothing': ['eth_subscribe', '[]'],
    'subscribe to a number': ['eth_subscribe', '[1]'],
    'subscribe to null': ['eth_subscribe', 'null'],
    'subscribe with an object': ['eth_subscribe', '{}'],
    'subscribe with too much': ['eth_subscribe', '["newHeads",1,2]'],
    'subscribe to logs of nonsense': ['eth_subscribe', '["logs",{"address":"0x1"}]'],
    'subscribe to debug': ['debug_subscribe', '["x"]'],
    'nested as deep as may be': ['eth_chainId', nested(9_999)],
    'nested too deep': ['eth_chainId', nested(10_000)],
  }),
  ...idsOf({
    'id null': 'null',
    'id true': 'true',
    'id an object': '{}',
    'id an array': '[1]',
    'id to be escaped': '"<>&\xe2\x80\xa8\\u0061\\/\x7f"',
    'id that is not UTF-8': '"\xff\xe2\x80"',
    'id with half a character': '"\\ud800"',
    'id a float': ' 1.50e+3 ',
    'id minus zero': '-0',
    'id of 23 digits': '12345678901234567890123',
    'id empty': '""',
    'id twice': '1,"id":2',
    'id and id null': '1,"id":null',
    'method null behind': '1,"method":null',
    'method a number before': '1,"method":1',
    'version twice': '1,"jsonrpc":"1.0"',
    'version null behind': '1,"jsonrpc":null',
    'keys in any case': '1,"PARAMS":[1],"Id":3',
    'keys that fold': '1,"param\xc5\xbf":[1]',
    'an error beside the method': '1,"error":"x"',
    'a result beside the method': '1,"result":"x"',
    'broken inside': '1,\0"a":1',
    'a control character inside': '"\n"',
    'a comma too many': '1,,"a":1',
  }),
  'a notification': '{"jsonrpc":"2.0","method":"eth_chainId"}',
  'a notification with wrong params': '{"jsonrpc":"2.0","method":"eth_chainId","params":{}}',
  'a notification of nowhere': '{"jsonrpc":"2.0","method":"foo_bar"}',
  'a notification of another version': '{"jsonrpc":"1.0","method":"foo_bar"}',
  'a notification of a subscription': '{"jsonrpc":"2.0","method":"eth_subscription","params":[1]}',
  'an answer': '{"jsonrpc":"2.0","id":1,"result":1}',
  'an answer of null': '{"jsonrpc":"2.0","id":1,"result":null}',
  'an error': '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}',
  'an error of null': '{"jsonrpc":"2.0","id":1,"error":null}',
  'an error that is none': '{"jsonrpc":"2.0","id":1,"error":"x"}',
  'an answer without an id': '{"jsonrpc":"2.0","result":1}',
  'an answer with params': '{"jsonrpc":"2.0","id":1,"result":1,"params":[]}',
  'an id alone': '{"jsonrpc":"2.0","id":1}',
  'a value behind': '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"} {"x"',
  ...Object.fromEntries(
    [
      '1',
      'null',
      '"foo"',
      '{}',
      '{}[]',
      ',{}',
      '-',
      'tru',
      '1x',
      '01',
      '\0',
      '\xef\xbb\xbf{}',
      "'f",
      '{"a":1',
    ].map((text) => [`nothing but ${JSON.stringify(text)}`, text]),
  ),
  'an empty batch': ' [ ] ',
  'a batch of odds and ends':
    '[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},{"jsonrpc":"2.0","id":1,"method":"eth_nope"},' +
    '{"jsonrpc":"2.0","method":"eth_chainId"},1,null,[],[[]],"x",{},{"jsonrpc":"2.0","id":3,"result":1}]',
  'a batch of one': '[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}]',
  'a batch of notifications': '[{"jsonrpc":"2.0","method":"eth_chainId"}]',
  'a batch of answers': '[{"jsonrpc":"2.0","id":5,"result":1}]',
  'a batch that ends too early': '[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}',
  'a batch with a comma too many': '[{"jsonrpc":"2.0","id":1,"method":"eth_chainId"},]',
  'a batch as long as may be': batchOf(1000),
  'a batch too long': batchOf(1001),
  'a batch too long of nothing': `[${'null,'.repeat(1000)}null]`,
}

function methodsOf(names: Record<string, string>): Record<string, string> {
  return mapped(names, (method) => `{"jsonrpc":"2.0","id":1,"method":"${method}"}`)
}

function paramsOf(calls: Record<string, readonly [string, string]>): Record<string, string> {
  return mapped(calls, ([method, params]) => {
    return `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`
  })
}

function idsOf(ids: Record<string, string>): Record<string, string> {
  return mapped(ids, (id) => `{"jsonrpc":"2.0","method":"eth_chainId","id":${id}}`)
}

function mapped<Value>(
  values: Record<string, Value>,
  make: (value: Value) => string,
): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, make(value)]))
}

function nested(depth: number): string {
  return '['.repeat(depth) + ']'.repeat(depth)
}

function batchOf(length: number): string {
  const calls = Array.from({ length }, (_, i) => {
    return `{"jsonrpc":"2.0","id":${i + 7},"method":"net_version"}`
  })
  return `[${calls.join()}]`
}
