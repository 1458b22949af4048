import { Option } from 'commander'
import { namePattern } from '../control/place.ts'
import type { FlagReader } from '../flags.ts'

/** The name of a stack that was given none. */
export const defaultName = 'equipoise'

/** The flag by which a stack is told from others on this machine. */
export function nameOption(): Option {
  return new Option('--name <NAME>', 'name of the stack').default(defaultName)
}

/** Refuses what cannot be part of file, container and network names. */
export function parseName(reader: FlagReader, name: string): string {
  if (!namePattern.test(name)) {
    reader.refuse(`--name ${name}: want lower-case letters, digits and -, 31 at most`)
  }
  return name
}
