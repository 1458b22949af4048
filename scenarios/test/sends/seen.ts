export type BlockSeen = { readonly number: number; readonly hash: string }

/** One thing that a sender was told. Hashes are lower-case hex with `0x`; `sender` is an address. */
export type Seen =
  | {
      readonly kind: 'accepted'
      readonly sender: string
      readonly nonce: number
      readonly hash: string
    }
  /** A send that was answered with an error. */
  | { readonly kind: 'refused'; readonly why: string }
  /** Its next nonce, asked with `pending`, after `accepted` of its transactions were accepted. */
  | {
      readonly kind: 'nonce'
      readonly sender: string
      readonly said: number
      readonly accepted: number
    }
  /** An accepted transaction was looked up; `nonce` is null where nobody knew it. */
  | { readonly kind: 'lookup'; readonly hash: string; readonly nonce: number | null }
  /** The block it is in; null while it is in none. */
  | { readonly kind: 'receipt'; readonly hash: string; readonly block: BlockSeen | null }
  /** A block of the chain as it is in the end. */
  | { readonly kind: 'chain'; readonly block: BlockSeen }
  /** What all the transactions of a sender together did, in effects of one transaction. */
  | { readonly kind: 'effects'; readonly sender: string; readonly count: number }
  /** A call that got no answer, or a wrong one. */
  | { readonly kind: 'failed'; readonly what: string; readonly why: string }

/** What is wrong with what the senders were told; each list is empty where all is well. */
export type Verdict = {
  readonly accepted: number
  readonly receipts: number
  /** Accepted, and never in a block. */
  readonly lost: readonly string[]
  /** In two blocks, of a nonce that was mined twice, or of more effect than was sent. */
  readonly twice: readonly string[]
  /** A next nonce that leaves a gap, or takes one that is taken. */
  readonly gaps: readonly string[]
  /** Accepted, and then not known. */
  readonly unknown: readonly string[]
  /** A receipt that was shown, and then was not there. */
  readonly withdrawn: readonly string[]
  readonly refused: readonly string[]
  readonly failed: readonly string[]
  /** In a block that another one took the place of, as in every reorganisation. */
  readonly replaced: readonly string[]
}

/** Judges by what clients saw alone, in the order in which each of them saw it. */
export function judge(seen: readonly Seen[]): Verdict {
  const accepted = new Map<string, { readonly sender: string; readonly nonce: number }>()
  const blocks = new Map<string, string>()
  const chain = new Map<number, string>()
  for (const each of seen) {
    if (each.kind === 'chain') chain.set(each.block.number, each.block.hash)
  }
  const byNonce = new Map<string, string>()
  const verdict = {
    lost: [] as string[],
    twice: [] as string[],
    gaps: [] as string[],
    unknown: [] as string[],
    withdrawn: [] as string[],
    refused: [] as string[],
    failed: [] as string[],
    replaced: [] as string[],
  }
  for (const each of seen) {
    switch (each.kind) {
      case 'accepted':
        accepted.set(each.hash, each)
        break
      case 'refused':
        verdict.refused.push(each.why)
        break
      case 'nonce':
        if (each.said !== each.accepted) {
          verdict.gaps.push(`${each.sender}: ${each.said} after ${each.accepted} were accepted`)
        }
        break
      case 'lookup':
        if (each.nonce !== accepted.get(each.hash)?.nonce) {
          verdict.unknown.push(`${each.hash}: shown with nonce ${each.nonce}`)
        }
        break
      case 'receipt': {
        const before = blocks.get(each.hash)
        if (each.block === null) {
          if (before !== undefined) verdict.withdrawn.push(each.hash)
          break
        }
        const { number, hash: block } = each.block
        if (chain.get(number) !== block) {
          verdict.replaced.push(each.hash)
          break
        }
        if (before !== undefined && before !== block) verdict.twice.push(each.hash)
        blocks.set(each.hash, block)
        const { sender, nonce } = accepted.get(each.hash) ?? { sender: '', nonce: -1 }
        const other = byNonce.get(`${sender}/${nonce}`) ?? each.hash
        if (other !== each.hash) verdict.twice.push(`${other} and ${each.hash}: one nonce`)
        byNonce.set(`${sender}/${nonce}`, each.hash)
        break
      }
      case 'effects': {
        const own = [...accepted.values()].filter(({ sender }) => sender === each.sender)
        const text = `${each.sender}: ${each.count} effects of ${own.length} transactions`
        if (each.count > own.length) verdict.twice.push(text)
        if (each.count < own.length) verdict.lost.push(text)
        break
      }
      case 'chain':
        break
      case 'failed':
        verdict.failed.push(`${each.what}: ${each.why}`)
        break
      default:
        each satisfies never
    }
  }
  for (const hash of accepted.keys()) if (!blocks.has(hash)) verdict.lost.push(hash)
  return { accepted: accepted.size, receipts: blocks.size, ...verdict }
}

/** The parts of a verdict that tell of wrongs, without those that are empty. */
export function wrongs({ accepted: _, receipts: __, replaced: ___, ...lists }: Verdict) {
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0))
}
