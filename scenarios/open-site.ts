import type { OpenSite } from './site.ts'
import { openStack } from './site-stack.ts'
import { openTargets } from './site-targets.ts'

/** The site a configuration asks for: endpoints that run already, or a fleet of our own. */
export const openSite: OpenSite = async (config, tell, signal) =>
  config.nodes === 0 ? await openTargets(config, signal) : await openStack(config, tell, signal)
