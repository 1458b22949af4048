/**
 * Preloaded into a proxy by tests, so that they see what they would miss: reads go to any node and
 * whatever comes back is the answer.
 */
import { CallDemand } from '../consistency/call-demand.ts'

CallDemand.prototype.among = (candidates) => candidates
CallDemand.prototype.isMiss = () => false
