import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { readIfAllowed } from '../../common/machine/proc';
import { shellWord } from '../../common/text/names';
import type { CgroupVersion } from '../files/formats';
import { type CgroupContainer, containerOf } from './cgroup-name';
import { mountOf, parseMounts } from './mount-info';

export type ContainerKind = 'docker' | 'podman' | 'kubernetes' | 'lxc' | 'systemd-nspawn' | 'unknown';

/** The container that this process is in. */
export interface Container {
  kind: ContainerKind;
  /** What gives it away: a file, an environment variable, or a cgroup. */
  evidence: string;
}

/** Where to look for signs. */
export interface Signs {
  /** Environment of this process. */
  environment: Readonly<Record<string, string | undefined>>;
  exists(path: string): boolean;
  /** undefined if there is no such file, or it can't be read. */
  read(path: string): string | undefined;
}

/** Values of `container`, the variable that managers set for the first process, and the kinds that they mean. */
const MANAGERS: Readonly<Record<string, ContainerKind>> = {
  docker: 'docker',
  podman: 'podman',
  lxc: 'lxc',
  'lxc-libvirt': 'lxc',
  'systemd-nspawn': 'systemd-nspawn',
};

/** Kubernetes runs on containerd and CRI-O, which hardly run anything else. */
const BY_CGROUP: Readonly<Record<string, ContainerKind>> = {
  docker: 'docker',
  podman: 'podman',
  containerd: 'kubernetes',
  'cri-o': 'kubernetes',
  pod: 'kubernetes',
  lxc: 'lxc',
};

/**
 * Whether this process is in a container, and of which kind; undefined if there is no sign of one. No sign is proof,
 * so this is only for messages and diagnosis.
 *
 * @see https://systemd.io/CONTAINER_INTERFACE/
 */
export function detectContainer(): Container | undefined {
  return identifyContainer({ environment: process.env, exists: existsSync, read: readIfAllowed });
}

/** Kubernetes comes first, because its containers also have the signs of the engine below it. */
export function identifyContainer({ environment, exists, read }: Signs): Container | undefined {
  if (environment['KUBERNETES_SERVICE_HOST']) return { kind: 'kubernetes', evidence: 'KUBERNETES_SERVICE_HOST' };
  if (exists('/var/run/secrets/kubernetes.io')) {
    return { kind: 'kubernetes', evidence: '/var/run/secrets/kubernetes.io' };
  }
  if (exists('/run/.containerenv')) return { kind: 'podman', evidence: '/run/.containerenv' };
  if (exists('/.dockerenv')) return { kind: 'docker', evidence: '/.dockerenv' };
  return byManager(read) ?? byCgroup(read);
}

function byManager(read: Signs['read']): Container | undefined {
  const initVariable = read('/proc/1/environ')
    ?.split('\0')
    .find((entry) => entry.startsWith('container='))
    ?.slice('container='.length);
  const signs = [
    ['/run/systemd/container', read('/run/systemd/container')],
    ['/run/host/container-manager', read('/run/host/container-manager')],
    ['/proc/1/environ', initVariable],
  ] as const;
  for (const [path, text] of signs) {
    const manager = text?.trim();
    if (manager) return { kind: MANAGERS[manager] ?? 'unknown', evidence: `${path} (container=${manager})` };
  }
  return undefined;
}

/** Without a cgroup namespace, the path of this process's cgroup shows the container. */
function byCgroup(read: Signs['read']): Container | undefined {
  for (const line of read('/proc/self/cgroup')?.split('\n') ?? []) {
    const path = line.split(':').slice(2).join(':');
    const found = outsideOfMachines(path);
    if (found !== null) return { kind: BY_CGROUP[found.kind] ?? 'unknown', evidence: `cgroup ${path}` };
  }
  return undefined;
}

/** Skips virtual machines. They are not containers, and what runs in one has a kernel of its own. */
function outsideOfMachines(path: string): CgroupContainer | null {
  const found = containerOf(path);
  return found?.kind === 'machine' ? outsideOfMachines(dirname(found.path)) : found;
}

/** CGROUP_SUPER_MAGIC of linux/magic.h, for v1. */
const CGROUP_V1_MAGIC = 0x27e0eb;

interface Cure {
  name: string;
  v1: string;
  v2: string;
}

/** How to make the container's manager mount the cgroup file system writable; docs/reference/containers.md has the sources. */
const CURES: Readonly<Record<ContainerKind, Cure>> = {
  docker: {
    name: 'Docker',
    v1: 'start it with --privileged, or with --cgroupns=host -v /sys/fs/cgroup:/sys/fs/cgroup:rw',
    v2:
      'start it with --cgroupns=private --security-opt writable-cgroups=true (Docker Engine 28, not rootless), ' +
      'or with --privileged',
  },
  podman: {
    name: 'Podman',
    v1: 'start it with --privileged',
    v2: 'start it with --cgroupns=private --security-opt unmask=/sys/fs/cgroup, or with --privileged',
  },
  kubernetes: {
    name: 'Kubernetes',
    v1: 'set securityContext.privileged: true',
    v2:
      'set cgroup_writable = true for the runtime in the configuration of containerd 2.1, or the annotation ' +
      'cgroup2-mount-hierarchy-rw.crio.io: "true" with CRI-O (before: io.kubernetes.cri-o.cgroup2-mount-hierarchy-rw) ' +
      'and a runtime handler that allows it, or securityContext.privileged: true',
  },
  lxc: {
    name: 'LXC',
    v1: 'set lxc.mount.auto = cgroup:rw in its configuration',
    v2: 'set lxc.mount.auto = cgroup:rw in its configuration',
  },
  'systemd-nspawn': {
    name: 'systemd-nspawn',
    v1: 'start it with a writable mount of /sys/fs/cgroup',
    v2: 'start it with a cgroup namespace and a writable mount of /sys/fs/cgroup',
  },
  unknown: {
    name: 'unknown',
    v1: 'start it with a writable mount of /sys/fs/cgroup',
    v2: 'start it with a cgroup namespace and a writable mount of /sys/fs/cgroup',
  },
};

/**
 * What to change in a container so that cgroups can be made in it, as a clause. `kind` is undefined outside of
 * containers.
 */
export function containerCure(
  kind: ContainerKind | undefined,
  { version, mountPoint }: { version: CgroupVersion; mountPoint: string },
): string {
  if (kind === undefined) {
    // Without `bind` it would be the file system that changes, which others have mounted too: the kernel refuses (EBUSY).
    const command = `mount -o remount,bind,rw ${shellWord(mountPoint)}`;
    return `the cgroup file system is read-only here: let root run "${command}"`;
  }
  const { name, [`v${version}` as const]: cure } = CURES[kind];
  const what = kind === 'unknown' ? 'a container' : `a ${name} container`;
  return `the cgroup file system is read-only in ${what}: ${cure}`;
}

/** {@link containerCure} for the container that this process is in. */
export function readOnlyCure(path: string): string {
  return containerCure(detectContainer()?.kind, { version: versionAt(path), mountPoint: mountPointOf(path) });
}

function mountPointOf(path: string): string {
  return mountOf(path, parseMounts(readFileSync('/proc/self/mountinfo', 'utf8')))?.mountPoint ?? path;
}

/** `path` may not exist, if it is something that could not be created. */
function versionAt(path: string): CgroupVersion {
  for (const candidate of [path, dirname(path)]) {
    try {
      return statfsSync(candidate).type === CGROUP_V1_MAGIC ? 1 : 2;
    } catch {}
  }
  return 2;
}
