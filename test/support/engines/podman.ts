import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { removeEverywhere } from '../../../examples/support/hierarchies.mts';
import { version } from '../cgroups/cgroup-tree';
import { childrenOf } from '../processes/processes';

/**
 * Without systemd, and with locks in a separate file: otherwise every Podman on a machine shares those in /dev/shm.
 */
const CONFIGURATION = `
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
`;

/** Podman has no daemon. A process that waits in namespaces, with its own /run and /var/lib, runs its containers. */
export class Podman {
  readonly #directory = mkdtempSync(join(tmpdir(), 'memcage-podman-'));
  readonly #holder: ChildProcess;
  #init = 0;
  /** The parent of its containers' cgroups, below the roots. */
  readonly cgroup = this.#directory.slice(this.#directory.lastIndexOf('/') + 1);

  private constructor() {
    const mounts = 'mount -t tmpfs run /run && mount -t tmpfs lib /var/lib';
    this.#holder = spawn(
      'unshare',
      [
        ...['--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--net', '--ipc', '--uts'],
        // The first process of the namespace reaps what conmon leaves.
        ...['sh', '-c', `${mounts} && echo ready; while sleep 600 & wait; do :; done`],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
  }

  static async start(): Promise<Podman> {
    const podman = new Podman();
    writeFileSync(join(podman.#directory, 'containers.conf'), CONFIGURATION);
    const ready = once(podman.#holder.stdout as NodeJS.ReadableStream, 'data');
    const ended = once(podman.#holder, 'exit').then(([code]) =>
      Promise.reject(new Error(`unshare ended with ${code}`)),
    );
    ended.catch(() => {});
    await Promise.race([ready, ended]).catch((error: unknown) => {
      rmSync(podman.#directory, { recursive: true });
      throw error;
    });
    podman.#init = childrenOf(podman.#holder.pid ?? 0)[0] ?? 0;
    return podman;
  }

  async run(...args: string[]): Promise<string> {
    const runtime = version === 1 ? 'runc' : 'crun';
    const enter = ['--target', String(this.#init), '--mount', '--pid', '--net', '--ipc', '--uts'];
    const options = ['--runtime', runtime, '--storage-driver', 'vfs'];
    const env = {
      ...process.env,
      CONTAINERS_CONF: join(this.#directory, 'containers.conf'),
      CONTAINERS_STORAGE_CONF: '/dev/null',
    };
    const { stdout } = await promisify(execFile)('nsenter', [...enter, 'podman', ...options, ...args], { env });
    return stdout.trim();
  }

  async stop(): Promise<void> {
    const ended = once(this.#holder, 'exit');
    // A PID namespace ends with its first process.
    process.kill(this.#init, 'SIGKILL');
    await ended;
    await removeEverywhere(this.cgroup);
    rmSync(this.#directory, { recursive: true });
  }
}
