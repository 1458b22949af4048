import type { Block } from '../upstream/block.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { Heads } from './heads.ts'
import type { Session } from './session.ts'

/** The height below which no head may be shown to this client any more. */
export function shownFloor({ floor, epoch, last }: Session, heads: Heads): number {
  const least = heads.floorOf(floor, epoch)
  // What its last node was seen to have by now, it may have had when it answered.
  if (last === null || last.asideSinceMs !== null || epoch !== heads.epoch) return least
  return Math.max(least, last.health === 'up' ? (last.head ?? 0) : 0)
}

/**
 * The node that may have shown this client a branch that the fleet has not turned to yet, though it
 * may: only that node goes on where it was. Null where there is none.
 */
export function aheadOf({ last }: Session, heads: Heads): Upstream | null {
  return last !== null && last.asideSinceMs !== null && heads.mayTurnTo(last) ? last : null
}

/** Whether this client may be shown `head` as the latest block, as far as it was shown others. */
export function mayBeShown(head: Block, session: Session, heads: Heads): boolean {
  return aheadOf(session, heads) === null && shownFloor(session, heads) <= head.number
}

/**
 * An answer of `by` showed its head to the client.
 * @param isPlain whether the answer says itself which block that is. One that does not may be of a
 * branch that `by` has not told of yet
 */
export function showHead(session: Session, by: Upstream, heads: Heads, isPlain: boolean): void {
  const floor = heads.floorOf(session.floor, session.epoch)
  const head = by.head ?? 0
  session.floor = Math.max(floor, head)
  // What was shown before a reorganisation holds in the new epoch once it is reached in it.
  if (head >= floor) session.epoch = heads.epoch
  if (!isPlain) session.last = by
  // Shown what another node has, it need not stay where it was.
  else if (session.last !== by) session.last = null
}

/** An answer showed `pin` to the client as the latest block, whichever node gave it. */
export function showPin(session: Session, pin: Block, heads: Heads): void {
  const floor = heads.floorOf(session.floor, session.epoch)
  session.floor = Math.max(floor, pin.number)
  session.last = null
  if (pin.number < floor) return
  // It may have been removed since it was chosen: then it holds as what was shown before that.
  const isServed = pin.number <= heads.tip && !heads.isForeign(pin.number, pin.hash)
  session.epoch = isServed ? heads.epoch : heads.epoch - 1
}
