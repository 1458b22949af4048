import { ConsulProvider } from './consul.ts'
import { DnsProvider } from './dns.ts'
import { DockerProvider } from './docker.ts'
import { FileProvider } from './file.ts'
import { KubernetesProvider } from './kubernetes.ts'
import type { Provider } from './provider.ts'
import type { ProvidersConfig } from './provider-config.ts'

/** Every provider that is configured, in the order in which they win an id. */
export function providersOf(config: ProvidersConfig): readonly Provider[] {
  const { file, docker, dns = [], kubernetes, consul } = config
  return [
    ...(file === undefined ? [] : [new FileProvider(file.path)]),
    ...(docker === undefined ? [] : [new DockerProvider(docker)]),
    ...dns.map((name) => new DnsProvider(name)),
    ...(kubernetes === undefined ? [] : [new KubernetesProvider(kubernetes)]),
    ...(consul === undefined ? [] : [new ConsulProvider(consul)]),
  ]
}
