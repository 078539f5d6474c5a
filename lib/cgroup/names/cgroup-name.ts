import { invalidArgument } from '../../common/errors/argument-errors';

/** What {@link containerOf} finds. */
export interface CgroupContainer {
  /**
   * What made it: a container engine, the kubelet (`pod`), LXC, or the manager of a virtual machine or of
   * systemd-nspawn (`machine`). `unknown`: a container whose engine the path does not reveal.
   */
  kind: 'docker' | 'podman' | 'containerd' | 'cri-o' | 'pod' | 'lxc' | 'machine' | 'unknown';
  /** The container's full id, the pod's uid, or the name of an LXC container or a machine. */
  id: string;
  /** The id, as engines print it: the first 12 digits of a full one. */
  shortId: string;
  /** Path of its cgroup: the given one, or one above it. */
  path: string;
}

export type CgroupName = Pick<CgroupContainer, 'kind' | 'id'>;

type Kind = CgroupContainer['kind'];

/**
 * Prefixes of a container's directory, by runtime. Monitors (`libpod-conmon-ID`) have other prefixes.
 * `libpod-payload` is used with `--cgroups=split`, which puts a container into the cgroup of the unit that starts it.
 */
const PREFIXES: Readonly<Record<string, Kind>> = {
  docker: 'docker',
  libpod: 'podman',
  'libpod-payload': 'podman',
  'cri-containerd': 'containerd',
  nerdctl: 'containerd',
  crio: 'cri-o',
};

/** Directories in which a runtime makes one directory for each container, or Podman for each pod, named by its id. */
const PARENTS: Readonly<Record<string, Kind>> = { docker: 'docker', libpod_parent: 'podman' };

const CONTAINER = new RegExp(`^(${Object.keys(PREFIXES).join('|')})-([0-9a-f]{64})(?:\\.scope)?$`);
const FULL_ID = /^[0-9a-f]{64}$/;
// The systemd driver writes the dashes of a uid as underscores; a static pod's uid has neither. A slice's name begins
// with that of the slice around it, which depends on the kubelet's --cgroup-root.
const POD =
  /^(?:(?:.+-)?kubepods(?:-burstable|-besteffort)?-)?pod([0-9a-f]{32}|[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12})(?:\.slice)?$/;
const PODMAN_POD = /^.+-libpod_pod_([0-9a-f]{64})\.slice$/;
const LXC = /^lxc\.payload\.(.+)$/;
/** The name that systemd-machined gives to a machine, and the unit that starts one at boot. */
const MACHINE = /^(?:machine-(.+)\.scope|systemd-nspawn@(.+)\.service)$/;
/** Engines accept a single digit. With fewer than 4, words of a few letters would match the beginning of some id. */
const MIN_PREFIX = 4;
/** How many digits of an id engines print. */
const SHORT_ID = 12;
/** systemd puts this before the name of a unit that looks like a file of the kernel: `_cpu.service`. */
const ESCAPED_BY_SYSTEMD = /^_(?=[^/]*\.)/;

/**
 * Reads what the path of a cgroup says about its last directory. Knows the names that container runtimes use with the
 * cgroupfs driver and with the systemd driver. Undefined for other directories.
 */
export function parseCgroupName(path: string): CgroupName | undefined {
  const segments = path.split('/').filter((segment) => segment !== '');
  const [parent = '', name = ''] = [segments.at(-2), segments.at(-1)];
  // `SLICE:PREFIX:ID` is meant for the systemd driver, but the cgroupfs driver takes it literally.
  const [, prefix, id] = /^[^:]*:([^:]+):([^:]+)$/.exec(name) ?? [];
  return (prefix && id && container(`${prefix}-${id}`)) || container(name) || byParent(parent, name) || other(name);
}

/**
 * Find the container, pod or machine that a cgroup belongs to, by the cgroup's path alone: the innermost one, or
 * null if it is in none. Reads nothing; the cgroup need not exist.
 *
 * ```js run
 * import { containerOf } from 'memcage/cgroup';
 *
 * console.log(containerOf('/sys/fs/cgroup/memory/docker/' + '3f'.repeat(32))?.kind, containerOf('/a'));
 * ```
 *
 * ```text output
 * docker null
 * ```
 *
 * @param path of the cgroup, for example {@link Cgroup.path}
 */
export function containerOf(path: string): CgroupContainer | null {
  if (typeof path !== 'string') throw invalidArgument('path', 'the path of a cgroup', path);
  for (let at = path; at !== ''; at = at.slice(0, Math.max(0, at.lastIndexOf('/')))) {
    const name = parseCgroupName(at);
    if (name !== undefined) return { ...name, shortId: shortId(name), path: at };
  }
  return null;
}

/** The id as engines print it: the first 12 digits of a full id. */
function shortId({ id }: CgroupName): string {
  return FULL_ID.test(id) ? id.slice(0, SHORT_ID) : id;
}

/** How well a name, an id or the beginning of an id matches a cgroup. */
export function matchCgroup(path: string, wanted: string): 'exact' | 'prefix' | undefined {
  // The process that looks after an LXC container is in a cgroup with the container's name.
  if (path.endsWith(`/lxc.monitor/${wanted}`)) return undefined;
  const directory = path.slice(path.lastIndexOf('/') + 1);
  if (directory === wanted || directory.replace(ESCAPED_BY_SYSTEMD, '') === wanted) return 'exact';
  const name = parseCgroupName(path);
  if (name === undefined) return undefined;
  if (name.id === wanted) return 'exact';
  const isGenerated = FULL_ID.test(name.id) || name.kind === 'pod';
  return isGenerated && wanted.length >= MIN_PREFIX && name.id.startsWith(wanted) ? 'prefix' : undefined;
}

/** Whether it is a full container id, which is unique. */
export function isFullId(wanted: string): boolean {
  return FULL_ID.test(wanted);
}

function container(name: string): CgroupName | undefined {
  const [, prefix = '', id] = CONTAINER.exec(name) ?? [];
  const kind = PREFIXES[prefix];
  return kind && id ? { kind, id } : undefined;
}

function byParent(parent: string, name: string): CgroupName | undefined {
  if (FULL_ID.test(name)) return { kind: PARENTS[parent] ?? 'unknown', id: name };
  const isLxc = (parent === 'lxc' || parent === 'lxc.payload') && name !== '';
  return isLxc ? { kind: 'lxc', id: name } : undefined;
}

function other(name: string): CgroupName | undefined {
  const pod = POD.exec(name)?.[1];
  if (pod !== undefined) return { kind: 'pod', id: pod.replaceAll('_', '-') };
  const podmanPod = PODMAN_POD.exec(name)?.[1];
  if (podmanPod !== undefined) return { kind: 'podman', id: podmanPod };
  const lxc = LXC.exec(name)?.[1];
  if (lxc !== undefined) return { kind: 'lxc', id: lxc };
  const [, scope, service] = MACHINE.exec(name) ?? [];
  const machine = scope ?? service;
  return machine === undefined ? undefined : { kind: 'machine', id: unescapeUnit(machine) };
}

/** systemd escapes what a unit's name can't contain as \x and two hexadecimal digits; a dash stands for a slash. */
function unescapeUnit(name: string): string {
  return name.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
