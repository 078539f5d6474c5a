import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type CgroupContainer, containerOf } from './cgroup-name';

export type ContainerKind = 'docker' | 'podman' | 'kubernetes' | 'lxc' | 'systemd-nspawn' | 'unknown';

/** The container that this process is in. */
export interface Container {
  kind: ContainerKind;
  /** What gives it away: a file, an environment variable, or a cgroup. */
  evidence: string;
}

/** Where to look for signs. */
export interface Surroundings {
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
export function identifyContainer({ environment, exists, read }: Surroundings): Container | undefined {
  if (environment['KUBERNETES_SERVICE_HOST']) return { kind: 'kubernetes', evidence: 'KUBERNETES_SERVICE_HOST' };
  if (exists('/var/run/secrets/kubernetes.io')) {
    return { kind: 'kubernetes', evidence: '/var/run/secrets/kubernetes.io' };
  }
  if (exists('/run/.containerenv')) return { kind: 'podman', evidence: '/run/.containerenv' };
  if (exists('/.dockerenv')) return { kind: 'docker', evidence: '/.dockerenv' };
  return byManager(read) ?? byCgroup(read);
}

function byManager(read: Surroundings['read']): Container | undefined {
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
function byCgroup(read: Surroundings['read']): Container | undefined {
  for (const line of read('/proc/self/cgroup')?.split('\n') ?? []) {
    const path = line.split(':').slice(2).join(':');
    const found = outsideOfMachines(path);
    if (found !== undefined) return { kind: BY_CGROUP[found.kind] ?? 'unknown', evidence: `cgroup ${path}` };
  }
  return undefined;
}

/** Skips virtual machines. They are not containers, and what runs in one has a kernel of its own. */
function outsideOfMachines(path: string): CgroupContainer | undefined {
  const found = containerOf(path);
  return found?.kind === 'machine' ? outsideOfMachines(dirname(found.path)) : found;
}

function readIfAllowed(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
