// Programs of classic BPF, as struct sock_filter on a little-endian machine.

/** One instruction. */
export type Bpf = readonly [code: number, k: number, ifTrue?: number, ifFalse?: number];

export const LOAD = 0x20;
export const RETURN = 0x06;
export const IF_EQUAL = 0x15;

export const ALLOW = 0x7fff0000;
export const KILL = 0x80000000;
export const errno = (number: number): number => 0x00050000 | number;

export function assemble(...program: readonly Bpf[]): Uint8Array {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, k, ifTrue = 0, ifFalse = 0]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(k >>> 0, index * 8 + 4);
  }
  return bytes;
}

/** Numbers of system calls, by the architecture of this machine. */
const NUMBERS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  x64: {
    ...{ capset: 126, chdir: 80, execve: 59, exit_group: 231, keyctl: 250, mkdir: 83, mkdirat: 258, prctl: 157 },
    ...{ seccomp: 317, setgid: 106, setgroups: 116, setuid: 105, write: 1 },
  },
  // Without mkdir(2).
  arm64: {
    ...{ capset: 91, chdir: 49, execve: 221, exit_group: 94, keyctl: 219, mkdir: 34, mkdirat: 34, prctl: 167 },
    ...{ seccomp: 277, setgid: 144, setgroups: 159, setuid: 146, write: 64 },
  },
};

export function callNumber(name: string): number {
  const number = NUMBERS[process.arch]?.[name];
  if (number === undefined) throw new Error(`no number of ${name} on ${process.arch}`);
  return number;
}

/** A filter that answers some system calls like this, and allows all others. */
export function refusing(names: readonly string[], answer: number): Uint8Array {
  const tests = names.map((name, index): Bpf => [IF_EQUAL, callNumber(name), names.length - index, 0]);
  return assemble([LOAD, 0], ...tests, [RETURN, ALLOW], [RETURN, answer]);
}
