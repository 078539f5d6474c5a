import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeCgroup, members, version, write } from '../cgroups/cgroup-tree';

export interface PodEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Mounts the pod's part of the hierarchies that cages need over what the machine has mounted. */
const MOUNTS =
  version === 1
    ? 'mount -t cgroup -o "$mode,memory" none /sys/fs/cgroup/memory && ' +
      'if [ -d /sys/fs/cgroup/unified ]; then mount -t cgroup2 -o "$mode" none /sys/fs/cgroup/unified; fi'
    : 'mount -t cgroup2 -o "$mode" none /sys/fs/cgroup';

/**
 * A container as a pod of Kubernetes has it: cgroup, mount and PID namespaces of its own, in a cgroup of its own whose
 * ancestors it can't see. Without any of memcage's code.
 */
export class Pod {
  readonly #cgroups: { path: string; remove(): void }[];
  readonly #mode: 'rw' | 'ro';

  constructor({
    limit,
    mode = 'rw',
    files = {},
  }: { limit?: string; mode?: 'rw' | 'ro'; files?: Record<string, string> } = {}) {
    this.#mode = mode;
    const hierarchies = version === 1 ? (['memory', 'unified'] as const) : (['memory'] as const);
    this.#cgroups = hierarchies
      .filter((name) => name === 'memory' || existsSync('/sys/fs/cgroup/unified'))
      .map((name) => makeCgroup(name === 'memory' ? limit : undefined, name));
    for (const [file, value] of Object.entries(files)) write(this.path, file, value);
  }

  /** Its memory cgroup, as it is seen from outside. */
  get path(): string {
    return this.#cgroups[0]?.path ?? '';
  }

  /** Its cgroup in the unified hierarchy, which on v2 is the same. */
  get unified(): string {
    return this.#cgroups.at(-1)?.path ?? '';
  }

  /** Where the pod itself sees that cgroup. */
  get root(): string {
    return version === 1 ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup';
  }

  /** Pids of everything in it, as they are seen from outside. */
  get members(): number[] {
    return members(this.path);
  }

  /** Starts a command as its pid 1. */
  start(
    command: readonly string[],
    env: NodeJS.ProcessEnv = {},
  ): { pid: number; end: Promise<PodEnd>; stdout(): string } {
    // Only the first process of the namespaces joins: the one that waits for it is the runtime's.
    const inner = `mount --make-rprivate / && ${MOUNTS} && mount -t proc proc /proc || exit 125; exec "$@"`;
    const outer =
      `for cgroup in ${this.#cgroups.map(({ path }) => `'${path}'`).join(' ')}; do echo 0 >"$cgroup/cgroup.procs" || exit; done; ` +
      'exec unshare --cgroup sh -c "$inner" sh "$@"';
    const child = spawn(
      'unshare',
      ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', outer, 'sh', ...command],
      {
        env: { ...process.env, ...env, inner, mode: this.#mode, MEMCAGE_TEST_ROOT: this.root },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        output[name] += chunk;
      });
    }
    const end = new Promise<PodEnd>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve({ code, signal, ...output }));
    });
    return { pid: child.pid ?? 0, end, stdout: () => output.stdout };
  }

  run(command: readonly string[], env?: NodeJS.ProcessEnv): Promise<PodEnd> {
    return this.start(command, env).end;
  }

  remove(): void {
    for (const cgroup of this.#cgroups) cgroup.remove();
  }
}

/** A command of the built `memcage`. */
export function memcage(...args: readonly string[]): string[] {
  return [process.execPath, join(__dirname, '../../../dist/cli.js'), ...args];
}
