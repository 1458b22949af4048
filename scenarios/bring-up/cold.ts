import { openDocker, statusOf } from '../fleets/docker/daemon.ts'
import { gethRepository } from '../fleets/docker.ts'

/** Removes the images of nodes, so that the next fleet makes one. @throws Error when one is in use */
export async function removeImages(): Promise<void> {
  const docker = await openDocker()
  const found = await docker.listImages({ filters: { reference: [gethRepository] } })
  for (const tag of found.flatMap(({ RepoTags }) => RepoTags ?? [])) {
    try {
      await docker.getImage(tag).remove()
    } catch (error) {
      if (statusOf(error) !== 404) throw error
    }
  }
}
