// The filter of `privileges: { seccomp: 'default' }`: docs/reference/privileges.md has its list, and what it is for.
import { constants, endianness } from 'node:os';

/** Numbers of a system call; null: the architecture has none. */
export type CallNumbers = Readonly<Record<string, readonly [x64: number, arm64: number | null]>>;

/** Answered with EPERM, by what they are for. */
export const REFUSED_CALLS: Readonly<Record<string, CallNumbers>> = {
  'other processes': {
    ...{ ptrace: [101, 117], process_vm_readv: [310, 270], process_vm_writev: [311, 271], kcmp: [312, 272] },
    ...{ pidfd_getfd: [438, 438] },
  },
  'namespaces, mounts and roots': {
    ...{ setns: [308, 268], mount: [165, 40], umount2: [166, 39], pivot_root: [155, 41], chroot: [161, 51] },
    ...{ open_tree: [428, 428], move_mount: [429, 429], fsopen: [430, 430], fsconfig: [431, 431] },
    ...{ fsmount: [432, 432], fspick: [433, 433], mount_setattr: [442, 442], open_tree_attr: [467, 467] },
    ...{ open_by_handle_at: [304, 265] },
  },
  keys: { add_key: [248, 217], request_key: [249, 218], keyctl: [250, 219] },
  'parts of the kernel with a history of holes': {
    ...{ bpf: [321, 280], perf_event_open: [298, 241], userfaultfd: [323, 282], fanotify_init: [300, 262] },
    ...{ lookup_dcookie: [212, 18], uselib: [134, null], modify_ldt: [154, null], nfsservctl: [180, 42] },
  },
  'the machine': {
    ...{ init_module: [175, 105], finit_module: [313, 273], delete_module: [176, 106], kexec_load: [246, 104] },
    ...{ kexec_file_load: [320, 294], reboot: [169, 142], swapon: [167, 224], swapoff: [168, 225], acct: [163, 89] },
    ...{ quotactl: [179, 60], quotactl_fd: [443, 443], syslog: [103, 116], sethostname: [170, 161] },
    ...{ setdomainname: [171, 162], settimeofday: [164, 170], clock_settime: [227, 112], adjtimex: [159, 171] },
    ...{ clock_adjtime: [305, 266], iopl: [172, null], ioperm: [173, null], vhangup: [153, 58] },
  },
};

/**
 * Answered with ENOSYS, after which libraries do without: no filter sees the flags of clone3(2), nor what is asked of
 * io_uring, which makes sockets too.
 */
export const ABSENT_CALLS: CallNumbers = {
  ...{ clone3: [435, 435], io_uring_setup: [425, 425], io_uring_enter: [426, 426], io_uring_register: [427, 427] },
};

/** file_setattr(2), Linux 6.17. What a newer kernel adds is absent, until somebody has looked at it. */
const NEWEST_CALL = 469;

/** System calls whose arguments decide. */
const LOOKED_AT = {
  ...{ clone: [56, 220], unshare: [272, 97], socket: [41, 198], socketpair: [53, 199], ioctl: [16, 29] },
} as const satisfies CallNumbers;

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET: clone(2) has no bit left for another one. */
const NEW_NAMESPACES = 0x7e020000;
/** What unshare(2) may have: CLONE_VM, FS, FILES, SIGHAND, THREAD and SYSVSEM. Newer kernels give it more flags. */
const NO_NAMESPACES = 0x00050f00;
const ALL_BITS = 0xffffffff;
const [AF_UNIX, AF_INET, AF_INET6] = [1, 2, 10];
/** SOCK_TYPE_MASK: above are flags. */
const TYPE = 0xf;
const [SOCK_STREAM, SOCK_DGRAM] = [1, 2];
const [DEFAULT_PROTOCOL, IPPROTO_TCP, IPPROTO_UDP] = [0, 6, 17];
/** Requests that put words into a terminal as if somebody had typed them. */
const [TIOCSTI, TIOCLINUX] = [0x5412, 0x541c];

// <linux/audit.h>, <linux/seccomp.h>, <linux/bpf_common.h>
const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 };
const [LOAD, MASK, JUMP, IF_EQUAL, IF_GREATER, IF_ANY_BIT, RETURN] = [0x20, 0x54, 0x05, 0x15, 0x25, 0x45, 0x06];
const [KILL_PROCESS, ALLOW, ERRNO] = [0x80000000, 0x7fff0000, 0x00050000];
const { EPERM, ENOSYS, EAFNOSUPPORT, EPROTONOSUPPORT } = constants.errno;

/** Offsets in struct seccomp_data; of an argument the lower half is all of an int. */
const LITTLE = endianness() === 'LE';
const [NUMBER, ARCHITECTURE] = [0, 4];
const argument = (index: number): number => 16 + index * 8 + (LITTLE ? 0 : 4);
const upperHalf = (index: number): number => 16 + index * 8 + (LITTLE ? 4 : 0);

type Architecture = keyof typeof AUDIT_ARCH;
type Instruction = readonly [code: number, k: number, ifTrue?: number, ifFalse?: number];

const answer = (result: number): Instruction => [RETURN, result];
const fail = (errno: number): Instruction => answer(ERRNO | errno);

/** What follows it is for these values only: for all others there is `otherwise`. */
function unless(values: readonly number[], otherwise: Instruction): Instruction[] {
  const tests = values.map((value, index): Instruction => [IF_EQUAL, value, values.length - index, 0]);
  return [...tests, otherwise];
}

/** What is done for these values only, and ends with an answer. */
function where(values: readonly number[], body: readonly Instruction[]): Instruction[] {
  return [...unless(values, [JUMP, body.length]), ...body];
}

function refuseBits(offset: number, bits: number): Instruction[] {
  return [[LOAD, offset], [IF_ANY_BIT, bits, 0, 1], fail(EPERM)];
}

/** Unix sockets, TCP and UDP. SOCK_PACKET makes a packet socket of an AF_INET one. */
function onlyUsualSockets(numbers: readonly number[]): Instruction[] {
  const internet: Instruction[] = [
    [LOAD, argument(1)],
    [MASK, TYPE],
    ...unless([SOCK_STREAM, SOCK_DGRAM], fail(EPROTONOSUPPORT)),
    [LOAD, argument(2)],
    ...unless([DEFAULT_PROTOCOL, IPPROTO_TCP, IPPROTO_UDP], fail(EPROTONOSUPPORT)),
    answer(ALLOW),
  ];
  return where(numbers, [
    [LOAD, argument(0)],
    ...where([AF_UNIX], [answer(ALLOW)]),
    ...unless([AF_INET, AF_INET6], fail(EAFNOSUPPORT)),
    ...internet,
  ]);
}

function program(arch: Architecture): Instruction[] {
  const column = arch === 'x64' ? 0 : 1;
  const numbersOf = (calls: CallNumbers): number[] => Object.values(calls).flatMap((numbers) => numbers[column] ?? []);
  const one = (name: keyof typeof LOOKED_AT): number => LOOKED_AT[name][column];
  return [
    [LOAD, ARCHITECTURE],
    // What has other numbers: a program of 32 bits.
    ...unless([AUDIT_ARCH[arch]], answer(KILL_PROCESS)),
    [LOAD, NUMBER],
    // x32 begins above.
    [IF_GREATER, NEWEST_CALL, 0, 1],
    fail(ENOSYS),
    ...where(Object.values(REFUSED_CALLS).flatMap(numbersOf), [fail(EPERM)]),
    ...where(numbersOf(ABSENT_CALLS), [fail(ENOSYS)]),
    ...where([one('clone')], [...refuseBits(argument(0), NEW_NAMESPACES), answer(ALLOW)]),
    ...where(
      [one('unshare')],
      [
        ...refuseBits(argument(0), (ALL_BITS & ~NO_NAMESPACES) >>> 0),
        ...refuseBits(upperHalf(0), ALL_BITS),
        answer(ALLOW),
      ],
    ),
    ...onlyUsualSockets([one('socket'), one('socketpair')]),
    ...where([one('ioctl')], [[LOAD, argument(1)], ...where([TIOCSTI, TIOCLINUX], [fail(EPERM)]), answer(ALLOW)]),
    answer(ALLOW),
  ];
}

function assemble(instructions: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(instructions.length * 8));
  for (const [index, [code, k, ifTrue = 0, ifFalse = 0]] of instructions.entries()) {
    view.setUint16(index * 8, code, LITTLE);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, k, LITTLE);
  }
  return new Uint8Array(view.buffer);
}

const made = new Map<Architecture, Uint8Array>();

/** Always the same array; undefined if it does not know the architecture. */
export function defaultFilter(arch: string = process.arch): Uint8Array | undefined {
  if (arch !== 'x64' && arch !== 'arm64') return undefined;
  const filter = made.get(arch) ?? assemble(program(arch));
  made.set(arch, filter);
  return filter;
}
