import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { availableParallelism, userInfo } from 'node:os';
import { join } from 'node:path';
import { KernelLog } from '../../lib/cage/oom/kernel-log';
import { canRaiseLimits } from '../../lib/common/machine/capabilities';
import { keepsSoftLimit } from './cgroups/soft-limit';
import { kernelHas } from './kernel-version';
import { runtimePath } from './runtimes';

function hasLog(names: Parameters<typeof KernelLog.open>[0]): boolean {
  const log = KernelLog.open(names);
  log?.close();
  return log !== undefined;
}

/** What a test may need from the machine, and how to find out whether it is there. */
const features = {
  linux: () => process.platform === 'linux',
  root: () => process.getuid?.() === 0,
  /** The right to raise limits of resources. Root in a container often lacks it. */
  'sys-resource': () => canRaiseLimits(),
  /** A writable memory cgroup v1 of this process's own. */
  v1: () => canWrite(ownCgroup('cgroup', 'memory')),
  /** A v1 that accepts the soft limit and ignores it, as newer kernels do. */
  'no-soft-limit': () => features.v1() && !keepsSoftLimit(),
  /** A cgroup v2 whose children can get the memory controller. */
  v2: () => {
    const path = ownCgroup('cgroup2', '');
    return canWrite(path) && readWords(join(path, 'cgroup.controllers')).includes('memory');
  },
  /** A v2 that no systemd manages. */
  'unmanaged-v2': () => features.v2() && !existsSync('/run/systemd/system'),
  /** Either of the two: cages can be made here. */
  cgroup: () => features.v1() || features.v2(),
  /** A cgroup v2, with controllers or without. */
  unified: () => canWrite(ownCgroup('cgroup2', '')),
  /** A memory cgroup v1 with the unified hierarchy beside it. */
  hybrid: () => features.v1() && features.unified(),
  /** PSI that can be turned off for a cgroup. */
  'psi-switch': () => kernelHas(6, 1) && existsSync('/proc/pressure/memory'),
  /** Swap that cgroups of this machine can limit. The machine need not have any. */
  'swap-accounting': () =>
    existsSync(join(ownCgroup('cgroup', 'memory'), 'memory.memsw.limit_in_bytes')) ||
    existsSync(join(ownCgroup('cgroup2', ''), 'memory.swap.max')) ||
    // The root of cgroup v2 has no limits of its own. Cgroups below it have this one if the kernel supports swap.
    (features.v2() && existsSync('/proc/swaps')),
  /** Swap space, as on a guest that was given some. */
  swap: () => readLines('/proc/swaps').length > 1,
  /** The kernel's log, with the pids and the cgroups that this process knows. */
  'kernel-log': () => hasLog(['pid', 'cgroup']),
  /** The same with the pids alone. */
  'logged-pids': () => hasLog(['pid']),
  /** A kernel on a machine, real or virtual, for what a kernel that is a process can't run: test/guest/README.md. */
  machine: () => process.env.MEMCAGE_TEST_GUEST !== 'uml',
  /** This machine itself, at its own speed: real tools start many programs, which takes minutes in a guest. */
  host: () => process.env.MEMCAGE_TEST_GUEST === undefined,
  /** No emulated processor, on which a program takes ten times as long, and more than memcage itself waits for it. */
  unemulated: () => process.env.MEMCAGE_TEST_GUEST !== 'tcg',
  /** A kernel that counts, for each cgroup, pages that are read again soon after they were dropped: v1 did not in Linux 5.10. */
  refaults: () =>
    features.v2() ||
    readLines(join(ownCgroup('cgroup', 'memory'), 'memory.stat')).some((line) => line.includes('refault')),
  /** A v2 that takes memory back when it is told to (memory.reclaim). */
  reclaim: () => features.v2() && kernelHas(5, 19),
  /** The controller pids, for cgroups of this process's own. */
  pids: () => hasController('pids'),
  /** The controllers of processor time. */
  cpu: () => hasController('cpu'),
  cpuset: () => hasController('cpuset'),
  'two-processors': () => availableParallelism() >= 2,
  /** A guest, in which file systems may be mounted with other options for a while. */
  remount: () => features.root() && process.env.MEMCAGE_TEST_GUEST !== undefined,
  /** A virtual machine of the tests' own, which may be driven out of memory. */
  guest: () => (process.env.MEMCAGE_GUEST ?? '') !== '',
  seccomp: () => existsSync('/proc/sys/kernel/seccomp'),
  keys: () => existsSync('/proc/sys/kernel/keys'),
  /** Mounts that can be made read-only with all below them (mount_setattr). */
  'root-read-only': () => kernelHas(5, 12),
  /** Mounts whose ids can be asked for (statx). */
  'mount-ids': () => kernelHas(5, 8),
  userns: () => maximum('user') > 0 && readNumber('/proc/sys/kernel/unprivileged_userns_clone', 1) > 0,
  /** The machine's first user namespace, in which others can be made. */
  'first-userns': () =>
    features.userns() && readLines('/proc/self/uid_map').join().trim().split(/\s+/)[2] === '4294967295',
  /** A user namespace for a user without rights. Tried as such a user. */
  'unprivileged-userns': () =>
    spawnSync('sh', [
      '-c',
      `exec ${process.getuid?.() === 0 ? 'setpriv --reuid=65534 --clear-groups' : ''} unshare -U true`,
    ]).status === 0,
  newuidmap: () => hasCommand('newuidmap') && hasCommand('newgidmap'),
  /** newuidmap, and ranges for the user who runs the tests. */
  'subordinate-ids': () =>
    features.newuidmap() &&
    ['/etc/subuid', '/etc/subgid'].every((file) =>
      readLines(file).some((line) => line.startsWith(`${userInfo().username}:`)),
    ),
  stress: () => hasCommand('stress'),
  runc: () => hasCommand('runc'),
  /** A Docker engine that can be started. */
  docker: () => features.root() && hasCommand('docker') && hasCommand('dockerd'),
  /** Podman with the runtime that it needs: crun alone supports only cgroup v2, runc supports both. */
  podman: () => features.root() && hasCommand('podman') && hasCommand(features.v1() ? 'runc' : 'crun'),
  /** Python, for its terminal. The output does not depend on the kernel, and each start is slow in a guest. */
  terminal: () => hasCommand('python3') && process.env.MEMCAGE_TEST_GUEST === undefined,
  python3: () => hasCommand('python3'),
  gcc: () => hasCommand('gcc'),
  zsh: () => hasCommand('zsh'),
  fish: () => hasCommand('fish'),
  bwrap: () => hasCommand('bwrap') && features.userns(),
  /** What @anthropic-ai/sandbox-runtime calls on Linux. */
  'sandbox-runtime': () => features.bwrap() && hasCommand('socat') && hasCommand('rg'),
  /** Debian's browser, at the machine's own speed: in a guest it takes minutes to start. */
  chromium: () => hasCommand('chromium') && process.env.MEMCAGE_TEST_GUEST === undefined,
  /** A server for BullMQ: Valkey, or Redis. */
  'valkey-server': () => hasCommand('valkey-server') || hasCommand('redis-server'),
  /** Networks with cables between them. */
  ip: () => features.root() && hasCommand('ip') && hasCommand('nsenter'),
  /** From `node scripts/nodes.mjs --install bun deno`. An emulated guest would take minutes for Bun to start. */
  bun: () => features.unemulated() && runtimePath('bun') !== undefined,
  /** Tested on the host: docs/reference/nodes.md. */
  deno: () => process.env.MEMCAGE_TEST_GUEST === undefined && runtimePath('deno') !== undefined,
};

export type Feature = keyof typeof features;

/**
 * A describe() that is visibly skipped where the machine lacks a feature. It fails there instead if MEMCAGE_REQUIRE
 * in the environment (comma-separated) names the feature.
 */
export function describeIf(needed: Feature | readonly Feature[], name: string, body: () => void): void {
  const missing = [needed].flat().filter((feature) => !has(feature));
  const required = missing.filter((feature) => requiredFeatures().includes(feature));
  if (missing.length === 0) {
    describe(name, body);
  } else if (required.length > 0) {
    describe(name, () => {
      test(`needs ${required.join(', ')}`, () => {
        throw new Error(`MEMCAGE_REQUIRE demands ${required.join(', ')}, which this machine lacks`);
      });
    });
  } else {
    describe.skip(`${name} (needs ${missing.join(', ')})`, body);
  }
}

/** Whether this machine has the feature. */
export function has(feature: Feature): boolean {
  return features[feature]();
}

function requiredFeatures(): string[] {
  const names = (process.env.MEMCAGE_REQUIRE ?? '').split(',').filter((name) => name !== '');
  const unknown = names.filter((name) => !(name in features));
  if (unknown.length > 0) throw new Error(`MEMCAGE_REQUIRE names no feature: ${unknown.join(', ')}`);
  return names;
}

/** The path of this process in the hierarchy of that type and controller, or '' if there is no such hierarchy. */
function ownCgroup(type: 'cgroup' | 'cgroup2', controller: string): string {
  const mount = readLines('/proc/self/mountinfo')
    .map((line) => line.split(' '))
    .find((fields) => {
      const [mountType, , superOptions] = fields.slice(fields.indexOf('-') + 1);
      return mountType === type && (controller === '' || superOptions?.split(',').includes(controller));
    });
  const membership = readLines('/proc/self/cgroup')
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line))
    .find((match) => match?.[1]?.split(',').includes(controller));
  const [root, mountPoint] = mount?.slice(3, 5) ?? [];
  const path = membership?.[2];
  if (root === undefined || mountPoint === undefined || path === undefined) return '';
  return join(mountPoint, root !== '/' && path.startsWith(root) ? path.slice(root.length) : path);
}

function hasController(name: string): boolean {
  if (features.v1()) return canWrite(ownCgroup('cgroup', name));
  return features.v2() && readWords(join(ownCgroup('cgroup2', ''), 'cgroup.controllers')).includes(name);
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function hasCommand(command: string): boolean {
  return spawnSync('/bin/sh', ['-c', 'command -v "$0"', command], { stdio: 'ignore' }).status === 0;
}

function maximum(namespace: string): number {
  return readNumber(`/proc/sys/user/max_${namespace}_namespaces`, 0);
}

function readNumber(path: string, otherwise: number): number {
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : otherwise;
}

function readWords(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trim().split(' ') : [];
}

function readLines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
}
