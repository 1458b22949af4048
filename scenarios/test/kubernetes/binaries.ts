import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Where a kube-apiserver that was built is kept, and looked for. */
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'equipoise')

/** The two programs that are a Kubernetes API: neither kubelet nor controller is needed. */
export type Binaries = { readonly etcd: string; readonly apiServer: string }

/** Both of them as they are found here, or why there are none, in one line. */
export function binariesOrReason(): Binaries | string {
  const etcd = onPath('etcd')
  if (etcd === null) return 'no etcd on the PATH: apt-get install etcd-server'
  const built = join(cache, 'kube-apiserver')
  const apiServer = onPath('kube-apiserver') ?? (existsSync(built) ? built : null)
  return apiServer === null ? `no kube-apiserver on the PATH or in ${cache}` : { etcd, apiServer }
}

/** Builds a kube-apiserver into the cache. False where there is no Go, or it fails. */
export function buildApiServer(): boolean {
  if (onPath('go') === null) return false
  mkdirSync(cache, { recursive: true })
  const script = join(import.meta.dirname, 'build-api-server.sh')
  const { status } = spawnSync(script, [join(cache, 'kube-apiserver')], { stdio: 'inherit' })
  return status === 0
}

function onPath(program: string): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(folder, program)
    if (!existsSync(file)) continue
    try {
      execFileSync('test', ['-x', file])
      return file
    } catch {
      // Of that name, and no program.
    }
  }
  return null
}
