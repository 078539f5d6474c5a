import { execFile, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeTree } from '../cgroups/cgroup-tree';
import { until } from '../until';

/**
 * Lays out cgroups as a container engine does, and looks at them from inside the container. Without any of memcage's
 * code.
 */

const LOOK = join(__dirname, '../../fixtures/container/look.js');

export interface Answer<T> {
  value?: T;
  error?: { code: string; message: string; path?: string; syscall?: string };
}

/** What look.js reports about `self`. */
export interface Self {
  path: string;
  usage: { usageBytes: number; limitBytes: number };
  limits: { max: number };
  peak: number;
  hasStat: boolean;
  effective: Record<'maxBytes' | 'maxBy' | 'maxPath' | 'highBytes' | 'highPath' | 'ramBytes' | 'complete', unknown>;
}

/** The cgroup version that memory is on here, and where it is mounted. */
export const memory = findMemory();

function findMemory(): { version: 1 | 2; mountPoint: string; own: string } {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' '));
  const mountPoint = (type: string, option: string) =>
    mounts.find((fields) => {
      const [fsType, , options = ''] = fields.slice(fields.indexOf('-') + 1);
      return fsType === type && options.split(',').includes(option);
    })?.[4];
  const onV1 = mountPoint('cgroup', 'memory');
  const at = onV1 ?? mountPoint('cgroup2', 'rw') ?? '/sys/fs/cgroup';
  const line = readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .map((text) => /^\d+:([^:]*):(.*)$/.exec(text))
    .find((match) => (onV1 === undefined ? match?.[1] === '' : match?.[1]?.split(',').includes('memory')));
  return { version: onV1 === undefined ? 2 : 1, mountPoint: at, own: join(at, line?.[2] ?? '/').replace(/\/$/, '') };
}

/** `NAME/docker/ID`, with a limit on NAME and a higher one on ID, and `NAME/sibling` with a process in it. */
export class EngineTree {
  readonly top: string;
  readonly container: string;
  readonly sibling: string;
  readonly pid: number;
  readonly #sleeper;

  constructor(id: string, { engine, container }: { engine: number; container: number }) {
    this.top = join(memory.own, `memcage-test-${process.pid}-engine`);
    this.container = join(this.top, 'docker', id);
    this.sibling = join(this.top, 'sibling');
    for (const path of [this.top, join(this.top, 'docker'), this.container, this.sibling]) makeCgroup(path);
    const limit = memory.version === 1 ? 'memory.limit_in_bytes' : 'memory.max';
    writeFileSync(join(this.top, limit), String(engine));
    // Otherwise what does not fit is swapped out, and counts towards the limit of the cage below, which on v1
    // includes swap.
    const withSwap = join(this.top, memory.version === 1 ? 'memory.memsw.limit_in_bytes' : 'memory.swap.max');
    if (existsSync(withSwap)) writeFileSync(withSwap, memory.version === 1 ? String(engine) : '0');
    writeFileSync(join(this.container, limit), String(container));
    this.#sleeper = spawn('sleep', ['600'], { stdio: 'ignore' });
    this.pid = this.#sleeper.pid ?? 0;
    writeFileSync(join(this.sibling, 'cgroup.procs'), String(this.pid));
  }

  async remove(): Promise<void> {
    this.#sleeper.kill('SIGKILL');
    await until('ended', () => this.#sleeper.signalCode !== null);
    await until('removed', () => {
      try {
        removeTree(this.top);
      } catch {
        return false;
      }
      return !existsSync(this.top);
    });
  }

  /**
   * Asks from inside the container's cgroup, after `setup`. That is shell commands in a mount namespace, which may
   * use $cgroup (the mount point), $top, $container and $temporary (an empty directory).
   */
  async look(
    setup: string,
    questions: readonly (readonly unknown[])[],
    { namespace = true, env = {} }: { namespace?: boolean; env?: Record<string, string> } = {},
  ): Promise<Answer<unknown>[]> {
    // memcage's own namespaces are not under test here.
    const inner = `set -e; mount --make-rprivate /; ${setup}; exec "$node" "$look" "$questions"`;
    const outer = 'echo 0 >"$container/cgroup.procs"; exec unshare --mount $namespace sh -c "$inner"';
    const { stdout } = await promisify(execFile)('sh', ['-c', outer], {
      env: {
        PATH: process.env['PATH'],
        ...env,
        inner,
        namespace: namespace ? '--cgroup' : '',
        cgroup: memory.mountPoint,
        top: this.top,
        container: this.container,
        node: process.execPath,
        look: LOOK,
        questions: JSON.stringify(questions),
      },
    });
    return JSON.parse(stdout) as Answer<unknown>[];
  }
}

function makeCgroup(path: string): void {
  mkdirSync(path);
  const parent = join(path, '..');
  const control = join(parent, 'cgroup.subtree_control');
  if (memory.version === 2) writeFileSync(control, '+memory');
}
