import type Docker from 'dockerode'
import { labels, statusOf } from './daemon.ts'
import { removeNetworks } from './network.ts'

/**
 * Removes all containers and networks that bear a stack's name, running or not, whoever made them.
 * @returns the names of what was removed
 */
export async function removeStack(docker: Docker, stack: string): Promise<readonly string[]> {
  const found = await docker.listContainers({
    all: true,
    filters: { label: [`${labels.stack}=${stack}`] },
  })
  await Promise.all(
    found.map(async ({ Id }) => {
      try {
        await docker.getContainer(Id).remove({ force: true, v: true })
      } catch (error) {
        const status = statusOf(error)
        if (status !== 404 && status !== 409) throw error // Gone, or being removed.
      }
    }),
  )
  const networks = await removeNetworks(docker, stack)
  return [...found.map(({ Names, Id }) => Names[0]?.slice(1) ?? Id), ...networks]
}
