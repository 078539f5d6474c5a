import { invalidArgument } from '../errors/argument-errors';
import { checkFlag, checkInteger } from '../options/checks';
import { isRecord, readOptions } from '../options/option-names';
import { printable } from '../text/names';

/** Checks the form of a value, and returns it. @throws TypeError that names `path` */
type ReadField<T> = (path: string, value: unknown) => T;

type FieldReaders = Readonly<Record<string, ReadField<unknown>>>;
type Read<F extends FieldReaders> = { [N in keyof F]?: ReturnType<F[N]> };

const int64 = integer(-(2 ** 63), 2 ** 63);
const uint64 = integer(0, 2 ** 64);
const uint32 = integer(0, 2 ** 32 - 1);
const uint16 = integer(0, 2 ** 16 - 1);

const text: ReadField<string> = (path, value) => {
  if (typeof value === 'string') return value;
  throw invalidArgument(path, 'a string', value);
};

const flag: ReadField<boolean> = checkFlag;

/** An object with these fields and no others. */
function object<F extends FieldReaders>(fields: F, required: readonly (keyof F & string)[] = []): ReadField<Read<F>> {
  const known = Object.keys(fields);
  return (path, value) => {
    if (!isRecord(value)) throw invalidArgument(path, 'an object', value);
    const given = readOptions(value, { of: 'limitsFromOci', within: path, known });
    const wanted = Object.entries(fields).filter(
      ([name]) => name in given || (required as readonly string[]).includes(name),
    );
    return Object.fromEntries(wanted.map(([name, read]) => [name, read(`${path}.${name}`, given[name])])) as Read<F>;
  };
}

function list<T>(item: ReadField<T>): ReadField<T[]> {
  return (path, value) => {
    if (!Array.isArray(value)) throw invalidArgument(path, 'an array', value);
    return value.map((each: unknown, index) => item(`${path}[${index}]`, each));
  };
}

/** An object whose keys are names that the configuration chose. */
function map<T>(item: ReadField<T>): ReadField<ReadonlyMap<string, T>> {
  return (path, value) => {
    if (!isRecord(value)) throw invalidArgument(path, 'an object', value);
    return new Map(Object.entries(value).map(([key, each]) => [key, item(keyPath(path, key), each)]));
  };
}

export function keyPath(path: string, key: string): string {
  return /^\w+$/.test(key) ? `${path}.${key}` : `${path}["${printable(key)}"]`;
}

function integer(min: number, max: number): ReadField<number> {
  const expected = min < 0 ? 'an integer' : `an integer from 0 to ${max}`;
  return (path, value) => checkInteger(path, value, { least: min, most: max, expected });
}

/** Where the configuration has them. */
export const RESOURCES_PATH = 'linux.resources';

const device = object({ allow: flag, type: text, major: int64, minor: int64, access: text }, ['allow']);
const throttle = list(object({ major: int64, minor: int64, rate: uint64 }, ['major', 'minor', 'rate']));

/**
 * The form of `linux.resources`, with all fields of version 1.3 of the specification.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config-linux.md#control-groups
 */
const FIELDS = {
  devices: list(device),
  memory: object({
    limit: int64,
    reservation: int64,
    swap: int64,
    kernel: int64,
    kernelTCP: int64,
    swappiness: uint64,
    disableOOMKiller: flag,
    useHierarchy: flag,
    checkBeforeUpdate: flag,
  }),
  cpu: object({
    shares: uint64,
    quota: int64,
    burst: uint64,
    period: uint64,
    realtimeRuntime: int64,
    realtimePeriod: uint64,
    cpus: text,
    mems: text,
    idle: int64,
  }),
  pids: object({ limit: int64 }),
  blockIO: object({
    weight: uint16,
    leafWeight: uint16,
    weightDevice: list(object({ major: int64, minor: int64, weight: uint16, leafWeight: uint16 }, ['major', 'minor'])),
    throttleReadBpsDevice: throttle,
    throttleWriteBpsDevice: throttle,
    throttleReadIOPSDevice: throttle,
    throttleWriteIOPSDevice: throttle,
  }),
  hugepageLimits: list(object({ pageSize: text, limit: uint64 }, ['pageSize', 'limit'])),
  network: object({
    classID: uint32,
    priorities: list(object({ name: text, priority: uint32 }, ['name', 'priority'])),
  }),
  rdma: map(object({ hcaHandles: uint32, hcaObjects: uint32 })),
  unified: map(text),
};

const readFields = object(FIELDS);

export type OciResources = ReturnType<typeof readFields>;

/** Whose limits a configuration has in place of those of `linux`. */
export const OTHER_PLATFORMS = ['solaris', 'windows', 'vm', 'zos', 'freebsd'] as const;

/** The names in a whole configuration. One that is not there may be a limit with a slip in it, or in the wrong place. */
export const CONFIGURATION = {
  known: [
    'ociVersion',
    'root',
    'mounts',
    'process',
    'hostname',
    'domainname',
    'hooks',
    'annotations',
    'linux',
    ...OTHER_PLATFORMS,
  ],
  aliases: { resources: RESOURCES_PATH, ...misplaced(`${RESOURCES_PATH}.`) },
};

/** The names in its `linux`. */
export const LINUX = {
  known: [
    'uidMappings',
    'gidMappings',
    'sysctl',
    'resources',
    'cgroupsPath',
    'namespaces',
    'devices',
    'netDevices',
    'seccomp',
    'rootfsPropagation',
    'maskedPaths',
    'readonlyPaths',
    'mountLabel',
    'intelRdt',
    'memoryPolicy',
    'personality',
    'timeOffsets',
  ],
  aliases: misplaced('resources.'),
};

function misplaced(where: string): Record<string, string> {
  return Object.fromEntries(Object.keys(FIELDS).map((name) => [name.toLowerCase(), `${where}${name}`]));
}

/** @throws TypeError that names the field whose name or type the specification does not have */
export function readResources(value: unknown): OciResources {
  return readFields(RESOURCES_PATH, value);
}
