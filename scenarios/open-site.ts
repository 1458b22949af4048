import type { OpenSite } from './site.ts'
import { openTargets } from './site-targets.ts'
import { openStand } from './stand/stand.ts'

/** The site a configuration asks for: endpoints that run already, or a fleet of our own. */
export const openSite: OpenSite = async (config, profile, tell, signal) =>
  profile === null
    ? await openTargets(config, signal)
    : await openStand({ config, profile, tell, signal })
