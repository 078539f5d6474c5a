import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memory } from './container-view';

/** The parts of the runtime-spec's config.json, as `runc spec` writes it, that this changes. */
interface RuntimeSpec {
  process: { args: string[]; terminal: boolean; env: string[] };
  root: { path: string; readonly: boolean };
  mounts: { destination: string; type?: string; source?: string; options?: string[] }[];
  linux: {
    namespaces: { type: string }[];
    cgroupsPath?: string;
    resources: { memory: { limit: number } };
  };
}

export interface RuncContainer {
  /** Directories of the machine that the container sees, read-only, at the same path. */
  shared: readonly string[];
  /** Empty files in its root directory. */
  files?: readonly string[];
  limitBytes: number;
  /** Path of the container's cgroup in the hierarchy, below this process's own cgroup. */
  cgroup: string;
  cgroupNamespace: boolean;
}

/**
 * Runs a command in a real runc container, with a read-only cgroup file system like Docker's. Returns its standard
 * output.
 */
export function runInContainer(id: string, command: readonly string[], options: RuncContainer): Promise<string> {
  return withBundle(command, options, async (bundle) => runc(['--root', join(bundle, 'state'), 'run', id], bundle));
}

/** Looks from outside at a container while its command runs. */
export function whileContainerRuns(
  id: string,
  command: readonly string[],
  options: RuncContainer,
  look: () => Promise<void>,
): Promise<void> {
  return withBundle(command, options, async (bundle) => {
    const state = ['--root', join(bundle, 'state')];
    runc([...state, 'run', '--detach', id], bundle);
    try {
      await look();
    } finally {
      runc([...state, 'delete', '--force', id], bundle);
    }
  });
}

async function withBundle<T>(
  command: readonly string[],
  options: RuncContainer,
  use: (bundle: string) => Promise<T>,
): Promise<T> {
  const bundle = mkdtempSync(join(tmpdir(), 'memcage-runc-'));
  const removeParents = rememberParents(cgroupsPath(options.cgroup));
  try {
    mkdirSync(join(bundle, 'rootfs'));
    for (const file of options.files ?? []) writeFileSync(join(bundle, 'rootfs', file), '');
    runc(['spec'], bundle);
    const path = join(bundle, 'config.json');
    const config = JSON.parse(readFileSync(path, 'utf8')) as RuntimeSpec;
    writeFileSync(path, JSON.stringify(adapt(config, command, options)));
    return await use(bundle);
  } finally {
    rmSync(bundle, { recursive: true, force: true });
    removeParents();
  }
}

function cgroupsPath(cgroup: string): string {
  return join(memory.own.slice(memory.mountPoint.length), cgroup);
}

/** runc makes the parents of the container's cgroup in every hierarchy, and removes only the container's own. */
function rememberParents(path: string): () => void {
  const above = path.split('/').map((_, index, names) => names.slice(0, index).join('/'));
  const mountPoints = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => line.split(' ')[4] ?? '');
  const missing = mountPoints
    .flatMap((mountPoint) => above.map((parent) => join(mountPoint, parent)))
    .filter((directory) => !existsSync(directory));
  return () => {
    for (const directory of missing.reverse()) if (existsSync(directory)) rmdirSync(directory);
  };
}

function adapt(config: RuntimeSpec, command: readonly string[], options: RuncContainer): RuntimeSpec {
  const shared = ['/bin', '/lib', '/lib64', '/usr', ...options.shared].filter((path) => existsSync(path));
  return {
    ...config,
    process: { ...config.process, args: [...command], terminal: false },
    root: { path: 'rootfs', readonly: false },
    mounts: [
      ...config.mounts.filter(({ destination }) => destination !== '/sys/fs/cgroup'),
      {
        destination: '/sys/fs/cgroup',
        type: 'cgroup',
        source: 'cgroup',
        options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
      },
      ...shared.map((path) => ({ destination: path, type: 'bind', source: path, options: ['rbind', 'ro'] })),
    ],
    linux: {
      ...config.linux,
      namespaces: [
        ...['pid', 'ipc', 'uts', 'mount'].map((type) => ({ type })),
        ...(options.cgroupNamespace ? [{ type: 'cgroup' }] : []),
      ],
      cgroupsPath: cgroupsPath(options.cgroup),
      resources: { memory: { limit: options.limitBytes } },
    },
  };
}

function runc(args: readonly string[], cwd: string): string {
  // A container that goes on inherits the stdio, and a pipe would never end.
  const stdio = args.includes('--detach') ? 'ignore' : 'pipe';
  const { status, stdout, stderr } = spawnSync('runc', args, { cwd, encoding: 'utf8', stdio });
  if (status !== 0) throw new Error(`runc ${args.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}
