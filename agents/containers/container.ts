/** One container of this host, as far as it is known. */
export type Container = {
  /** 64 hexadecimal digits. */
  readonly id: string
  /** The name people gave it; its id where nobody tells names. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Its first process, as this host numbers it; undefined while it does not run. */
  readonly pid: number | undefined
  /** What its engine limits it to, for where the kernel's own files cannot be seen. */
  readonly limits: ContainerLimits
}

/** As the container was told; absent: not limited, or not known. */
export type ContainerLimits = {
  readonly cpus?: number
  readonly memBytes?: number
}

/** Which containers to watch: one by its name or id, or all with a label. */
export type Selector =
  | { readonly kind: 'container'; readonly name: string }
  | { readonly kind: 'label'; readonly key: string; readonly value?: string }

/** The containers of this host that are looked for, kept up to date by whoever finds them. */
export type ContainerTable = {
  /** Grows with every change, so that a reader need not compare. */
  readonly version: number
  /** True when all there is was looked at once: what is not in the table is not there. */
  readonly isComplete: boolean
  /** By id, running or not. */
  readonly containers: ReadonlyMap<string, Container>
  /** Begins to look; each change calls `onChange`. */
  start(onChange: () => void): void
  /** Says that a container's process is no more, so that it is looked at again at once. */
  doubt(id: string): void
  close(): Promise<void>
}

/** Part of an id that is long enough to mean one container. */
const shortestId = 12

/**
 * The container that a group belongs to, from its directory's name as Docker (with either cgroup
 * driver, rootless too), Podman, containerd and CRI-O write it: `ID`, `docker-ID.scope`,
 * `libpod-ID.scope`, `cri-containerd-ID.scope`, `crio-ID.scope`, `…slice:cri-containerd:ID`.
 * Undefined for the group of a container's monitor.
 */
export function containerIdOf(directory: string): string | undefined {
  const [, prefix = '', id] =
    /^(.*[-_:])?([0-9a-f]{64})(?:\.(?:scope|service))?$/.exec(directory) ?? []
  return prefix.includes('conmon') ? undefined : id
}

/** The container that `/proc/PID/cgroup` places a process in; the innermost, where they are nested. */
export function containerIdIn(membership: string): string | undefined {
  // Most processes of a host are in no container: without so many digits there is nothing to look at.
  if (!/[0-9a-f]{64}/.test(membership)) return undefined
  for (const line of membership.split('\n')) {
    const id = line
      .split('/')
      .reverse()
      .map(containerIdOf)
      .find((found) => found !== undefined)
    if (id !== undefined) return id
  }
  return undefined
}

/** True when `name` is the container's, or its id, or the beginning of its id. */
export function isNamed(container: Pick<Container, 'id' | 'name'>, name: string): boolean {
  return container.name === name || (isIdPart(name) && container.id.startsWith(name))
}

/** A label without a value asked for matches whatever its value is. */
export function isSelected(
  container: Pick<Container, 'id' | 'name' | 'labels'>,
  selector: Selector,
): boolean {
  if (selector.kind === 'container') return isNamed(container, selector.name)
  if (!Object.hasOwn(container.labels, selector.key)) return false
  return selector.value === undefined || selector.value === container.labels[selector.key]
}

/** True for what can be looked for without an engine that tells names. */
export function isIdPart(text: string): boolean {
  return text.length >= shortestId && text.length <= 64 && /^[0-9a-f]+$/.test(text)
}
