import { EngineError } from './engine.ts'

/** An event of a container with many labels has some kB; statistics have 5 kB. */
const maxLineChars = 1_048_576

/**
 * The values that a stream writes one after the other, each with an end of line.
 * @throws EngineError for a line that is no JSON, or has no end.
 */
export async function* jsonLines(stream: NodeJS.ReadableStream): AsyncIterable<unknown> {
  stream.setEncoding('utf8')
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > maxLineChars) throw new EngineError('a line without an end')
    for (const line of lines) if (line.trim() !== '') yield parse(line)
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch (error) {
    throw new EngineError(`no JSON: ${line.slice(0, 80)}`, { cause: error })
  }
}
