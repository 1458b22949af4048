import { parentPort } from 'node:worker_threads'
import { judge } from './answer.ts'
import type { JudgeQuestion, JudgeReply } from './large-answers.ts'

parentPort?.on('message', ({ number, id, status, body }: JudgeQuestion) => {
  const bytes = Buffer.from(body)
  const failure = judge({ status, body: bytes }, id)
  const detail = failure === null ? null : bytes.toString('utf8', 0, 200)
  parentPort?.postMessage({ number, failure, detail } satisfies JudgeReply)
})
