import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, readFileSync } from 'node:fs'
import { rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * Reads what there is to clear up, one `verb what` a line. Its input ends when the process that
 * started it is gone, however it went; then it ends what still runs and removes what still is.
 * A control group can be removed once the last of its processes is, hence the tries.
 */
const script = `
trap '' HUP INT TERM
pids= groups= folder=
without() { printf '%s' "$1" | while IFS= read -r each; do
  [ -z "$each" ] || [ "$each" = "$2" ] || printf '%s\\n' "$each"
done; }
newline='
'
while IFS=' ' read -r verb what; do
  case $verb in
    +pid) pids="$pids$what$newline" ;;
    -pid) pids=$(without "$pids" "$what")$newline ;;
    +group) groups="$groups$what$newline" ;;
    -group) groups=$(without "$groups" "$what")$newline ;;
    +folder) folder=$what ;;
    -folder) folder= ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
printf '%s' "$groups" | while IFS= read -r group; do
  tries=0
  while [ -n "$group" ] && [ -d "$group" ] && [ $tries -lt 50 ]; do
    rmdir "$group" 2>/dev/null || sleep 0.1
    tries=$((tries + 1))
  done
done
if [ -n "$folder" ]; then rm -rf "$folder"; fi
`

/** A reaper that was itself killed is replaced, after this and at most this often. */
const respawnAfterMs = 200
const maxRespawns = 20

/** The file in its folder that holds what it watches, for whoever finds the folder without it. */
export const heldFile = 'held'

const removeTries = 50
const removeEveryMs = 20

/**
 * Leaves nothing behind: keeps a small shell process that ends our processes and removes our
 * control groups and our folder when this process dies without a chance to do so (`kill -9`).
 *
 * It has a session of its own, so that neither Ctrl-C nor a signal to our process group ends it.
 * Both of them killed at once is the one case in which something stays; what, is in the folder's
 * file `held`, see `stack-remains.ts`.
 */
export class Reaper {
  readonly #folder: string
  readonly #pids = new Set<number>()
  readonly #groups = new Set<string>()
  #shell: ChildProcess
  #respawns = 0
  #closed = false

  /** @param folder removed at the end, with all in it */
  constructor(folder: string) {
    this.#folder = folder
    this.#shell = this.#spawn()
  }

  /** Process id of the shell; undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#shell.pid
  }

  watch(pid: number): void {
    this.#pids.add(pid)
    this.#note(`+pid ${pid} ${startTicks(pid) ?? '-'}`)
    this.#tell('+pid', String(pid))
  }

  unwatch(pid: number): void {
    this.#pids.delete(pid)
    this.#note(`-pid ${pid}`)
    this.#tell('-pid', String(pid))
  }

  /** Takes charge of an empty control group's directory. */
  watchGroup(directory: string): void {
    this.#groups.add(directory)
    this.#note(`+group ${directory}`)
    this.#tell('+group', directory)
  }

  /**
   * Removes a control group whose processes have ended or are about to.
   * @throws Error when it is still in use after a second
   */
  async removeGroup(directory: string): Promise<void> {
    for (let left = removeTries; ; left -= 1) {
      try {
        await rmdir(directory)
        break
      } catch (error) {
        if (isMissing(error)) break
        if (left === 0) throw error
        await pause(removeEveryMs)
      }
    }
    this.#groups.delete(directory)
    this.#note(`-group ${directory}`)
    this.#tell('-group', directory)
  }

  /** Lets go of the shell; it then clears up whatever it still watches, normally the folder alone. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const shell = this.#shell
    if (shell.exitCode !== null || shell.signalCode !== null || shell.pid === undefined) return
    await new Promise<void>((resolve) => {
      shell.once('exit', () => resolve())
      shell.stdin?.end()
    })
  }

  #spawn(): ChildProcess {
    const shell = spawn('/bin/sh', ['-c', script, 'equipoise-reaper'], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
    })
    // A reaper that is gone breaks the pipe; its exit, below, is what counts.
    shell.stdin?.on('error', () => {})
    shell.once('error', () => {})
    shell.once('exit', () => this.#respawn())
    this.#shell = shell
    this.#tell('+folder', this.#folder)
    for (const group of this.#groups) this.#tell('+group', group)
    for (const pid of this.#pids) this.#tell('+pid', String(pid))
    return shell
  }

  #respawn(): void {
    if (this.#closed || this.#respawns >= maxRespawns) return
    this.#respawns += 1
    setTimeout(() => {
      if (!this.#closed) this.#spawn()
    }, respawnAfterMs).unref()
  }

  #note(line: string): void {
    try {
      appendFileSync(join(this.#folder, heldFile), `${line}\n`)
    } catch (error) {
      if (!isMissing(error)) throw error // Without the folder there is nothing left to know.
    }
  }

  #tell(verb: string, what: string): void {
    if (this.#shell.stdin?.writable === true) this.#shell.stdin.write(`${verb} ${what}\n`)
  }
}

/** When a process began, in the kernel's clock ticks: tells it from a later one with its id. Null without `/proc`. */
export function startTicks(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Field 22; what comes before the last parenthesis may hold anything.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19])
  } catch {
    return null
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
