import { z } from 'zod'

/** What can be done to a node of a running stack on purpose. */
export const faultKinds = ['kill', 'stop', 'lag', 'slow-disk', 'cpu-hog', 'reorg'] as const
export type FaultKind = (typeof faultKinds)[number]

/** An order to do something to a node, or, by `start`, to undo all that was done to it. */
export const faultOrderSchema = z.object({
  kind: z.enum([...faultKinds, 'start']),
  node: z.string(),
  /** Milliseconds until it is undone; null: only by `start`. */
  forMs: z.number().positive().nullable(),
  /** Blocks that a reorganisation replaces. */
  depth: z.number().int().positive(),
  /** Share of the node's CPU quota that a hog takes. */
  share: z.number().positive().max(1),
  /** Reads a second that a slow disk gives. */
  readsPerSecond: z.number().int().positive(),
})
export type FaultOrder = z.output<typeof faultOrderSchema>

/** What a running `up` says of itself. */
export const stackStateSchema = z.object({
  name: z.string(),
  /** Of the process that holds the stack. */
  pid: z.number(),
  state: z.enum(['starting', 'up', 'ending']),
  /** Of when it was asked for; the same for the same flags. */
  settings: z.string(),
  startedAt: z.string(),
  /** What it says once it is up: addresses, accounts, contracts. */
  welcome: z.string(),
  endpoint: z.string().nullable(),
  adminUrl: z.string().nullable(),
  nodes: z.array(
    z.object({
      id: z.string(),
      url: z.string(),
      pid: z.number().nullable(),
      cpus: z.number().nullable(),
      faults: z.array(z.string()),
    }),
  ),
})
export type StackState = z.output<typeof stackStateSchema>

export const logPartSchema = z.object({ lines: z.array(z.string()), next: z.number() })

/** Anything that went wrong, in one line. */
export const errorSchema = z.object({ error: z.string() })

/** What was done, in one line. */
export const doneSchema = z.object({ done: z.string() })
