import { readFileSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { shellWord } from '../../common/text/shell-word';
import type { CgroupVersion } from '../files/formats';
import { type ContainerKind, detectContainer } from './container';
import { mountOf, parseMounts } from './mount-info';

/** CGROUP_SUPER_MAGIC of linux/magic.h, for v1. */
const CGROUP_V1_MAGIC = 0x27e0eb;

interface Cure {
  name: string;
  v1: string;
  v2: string;
}

/** How to make the container's manager mount the cgroup file system writable; docs/containers.md has the sources. */
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
