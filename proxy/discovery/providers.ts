import { DockerProvider } from './docker.ts'
import { FileProvider } from './file.ts'
import type { Provider } from './provider.ts'
import type { ProvidersConfig } from './provider-config.ts'

/** Every provider that is configured, in the order in which they win an id. */
export function providersOf({ file, docker }: ProvidersConfig): readonly Provider[] {
  return [
    ...(file === undefined ? [] : [new FileProvider(file.path)]),
    ...(docker === undefined ? [] : [new DockerProvider(docker)]),
  ]
}
