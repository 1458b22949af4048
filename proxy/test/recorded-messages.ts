import { existsSync, readFileSync } from 'node:fs'

/** Where the client's own tag goes. */
const mark = '<tag>'

/** Every form of message there is, with a tag for id and param. */
const forms = [
  '{"jsonrpc":"2.0","id":"<tag>","method":"eth_getBalance","params":["<tag>","latest"]}',
  '{"jsonrpc":"2.0","id":["<tag>"],"method":"eth_chainId"}',
  '{ "params" : [ {"to":"<tag>","data":"0x"}, {"blockHash":"0x"} ], "method":"eth_call", "id":"<tag>", "jsonrpc":"2.0" }',
  '{"jsonrpc":"2.0","method":"eth_sendRawTransaction","params":["<tag>"]}',
  '{"jsonrpc":"2.0","id":"<tag>","method":"eth_sendRawTransaction","params":["<tag>"]}',
  '[{"jsonrpc":"2.0","id":"<tag>","method":"eth_getCode","params":["<tag>"]},{"jsonrpc":"2.0","id":1e3,"method":"eth_getLogs","params":[{"address":"<tag>"}]},{"jsonrpc":"2.0","id":"<tag>","method":"nope_nope"}]',
  '[{"jsonrpc":"2.0","id":"<tag>","method":"eth_getCode","params":["<tag>"]},{"jsonrpc":"2.0","id":"<tag>","method":"eth_sendRawTransaction","params":["<tag>"]},7,[],{"jsonrpc":"2.0","method":"eth_gasPrice"}]',
  '{"jsonrpc":"2.0","id":"<tag>","method":"rpc_modules","params":[]}',
  '{"jsonrpc":"2.0","id":"<tag>","method":"eth_newFilter","params":[{"topics":[null,["<tag>"]]}]}',
  '{"jsonrpc":"2.0","id":"<tag>","method":"eth_subscribe","params":["logs",{"address":"<tag>"}]}',
  '[{"jsonrpc":"2.0","id":"<tag>","method":"eth_subscribe","params":["logs","<tag>"]},{"jsonrpc":"2.0","id":"<tag>","method":"eth_call","params":["<tag>"]}]',
  '{"jsonrpc":"2.0","id":"<tag>","method":"eth_unsubscribe","params":["<tag>"]}',
  '{"jsonrpc":"2.0","id":"<tag>","result":"<tag>"}',
  '{"jsonrpc":"2.0","id":"\\u00e9<tag>\\/\\ud83d\\ude00","method":"web3_sha3","params":["<tag>",1e400,-0.0,true,null]}',
]

const recordings = new URL('../../../shared/data/geth-golden/http.json', import.meta.url)

/** So many of the messages are ours; those of the recordings follow, where they are there. */
export const formCount = forms.length

/** All messages, each with the tag that it is given. */
export function taggedMessages(): readonly ((tag: string) => string)[] {
  return [...forms, ...recorded()].map((form) => (tag: string) => form.replaceAll(mark, tag))
}

function recorded(): string[] {
  if (!existsSync(recordings)) return []
  const transcripts: readonly { readonly request: string }[] = JSON.parse(
    readFileSync(recordings, 'utf8'),
  )
  return transcripts.flatMap(({ request }) => {
    const body = request.slice(request.indexOf('\r\n\r\n') + 4)
    return body === '' || body.length > 10_000 ? [] : [body.replaceAll('"x"', `"${mark}"`)]
  })
}
