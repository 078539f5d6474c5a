import { endianness } from 'node:os';

/** Numbers of system calls on x64 and arm64. */
type Numbers = Readonly<Record<string, readonly [x64: number, arm64: number]>>;

/** No honest submission makes these: whoever does is killed by SIGSYS. */
const FORBIDDEN: Numbers = {
  // Other processes.
  ...{ ptrace: [101, 117], process_vm_readv: [310, 270], process_vm_writev: [311, 271], kcmp: [312, 272] },
  ...{ pidfd_getfd: [438, 438] },
  // Namespaces and mounts.
  ...{ unshare: [272, 97], setns: [308, 268], mount: [165, 40], umount2: [166, 39], pivot_root: [155, 41] },
  ...{ chroot: [161, 51], open_tree: [428, 428], move_mount: [429, 429], fsopen: [430, 430], fsconfig: [431, 431] },
  ...{ fsmount: [432, 432], fspick: [433, 433], mount_setattr: [442, 442], open_by_handle_at: [304, 265] },
  // Parts of the kernel with a history of holes.
  ...{ bpf: [321, 280], userfaultfd: [323, 282], perf_event_open: [298, 241] },
  ...{ keyctl: [250, 219], add_key: [248, 217], request_key: [249, 218] },
  // The machine.
  ...{ init_module: [175, 105], finit_module: [313, 273], delete_module: [176, 106], kexec_load: [246, 104] },
  ...{ kexec_file_load: [320, 294], reboot: [169, 142], swapon: [167, 224], swapoff: [168, 225], acct: [163, 89] },
  ...{ quotactl: [179, 60], syslog: [103, 116], sethostname: [170, 161], setdomainname: [171, 162] },
  ...{ settimeofday: [164, 170], clock_settime: [227, 112], clock_adjtime: [305, 266], adjtimex: [159, 171] },
};

/** These are tried by libraries, which do without (ENOSYS): clone3(2) hides its flags from a filter. */
const ABSENT: Numbers = { clone3: [435, 435], io_uring_setup: [425, 425] };

const CLONE: readonly [number, number] = [56, 220];
/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID and NEWNET. */
const NEW_NAMESPACES = 0x7e020000;

// <linux/audit.h>, <linux/seccomp.h>, <linux/bpf_common.h>
const AUDIT_ARCH = { x64: 0xc000003e, arm64: 0xc00000b7 };
const [LOAD, IF_EQUAL, IF_AT_LEAST, IF_ANY_BIT, RETURN] = [0x20, 0x15, 0x35, 0x45, 0x06];
const [KILL_PROCESS, ALLOW, ERRNO_ENOSYS] = [0x80000000, 0x7fff0000, 0x00050026];
/** Offsets in struct seccomp_data; of the first argument the lower half. */
const LITTLE = endianness() === 'LE';
const [NUMBER, ARCHITECTURE, FIRST_ARGUMENT] = [0, 4, LITTLE ? 16 : 20];
/** x32, a second set of numbers for the same calls on x64, begins here. */
const X32 = 0x40000000;

type Instruction = [code: number, k: number, ifTrue?: number, ifFalse?: number];

function filter(): Instruction[] {
  if (process.arch !== 'x64' && process.arch !== 'arm64') throw new Error('The judge knows x64 and arm64 only');
  const column = process.arch === 'x64' ? 0 : 1;
  const answer = (numbers: Numbers, result: number): Instruction[] =>
    Object.values(numbers).flatMap((number) => [
      [IF_EQUAL, number[column], 0, 1],
      [RETURN, result],
    ]);
  return [
    [LOAD, ARCHITECTURE],
    [IF_EQUAL, AUDIT_ARCH[process.arch], 1, 0],
    [RETURN, KILL_PROCESS],
    [LOAD, NUMBER],
    [IF_AT_LEAST, X32, 0, 1],
    [RETURN, KILL_PROCESS],
    ...answer(FORBIDDEN, KILL_PROCESS),
    ...answer(ABSENT, ERRNO_ENOSYS),
    [IF_EQUAL, CLONE[column], 0, 3],
    [LOAD, FIRST_ARGUMENT],
    [IF_ANY_BIT, NEW_NAMESPACES, 0, 1],
    [RETURN, KILL_PROCESS],
    [RETURN, ALLOW],
  ];
}

function assemble(program: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(program.length * 8));
  for (const [index, [code, k, ifTrue = 0, ifFalse = 0]] of program.entries()) {
    view.setUint16(index * 8, code, LITTLE);
    view.setUint8(index * 8 + 2, ifTrue);
    view.setUint8(index * 8 + 3, ifFalse);
    view.setUint32(index * 8 + 4, k, LITTLE);
  }
  return new Uint8Array(view.buffer);
}

/** A seccomp filter for every program that the judge runs. */
export const systemCalls = assemble(filter());
