// What the kernel makes of a program of classic BPF as a seccomp filter: bpf_check_classic() in net/core/filter.c,
// seccomp_check_filter() and seccomp(2). https://docs.kernel.org/userspace-api/seccomp_filter.html
import { endianness } from 'node:os';

/** struct sock_filter */
interface Instruction {
  code: number;
  ifTrue: number;
  ifFalse: number;
  k: number;
}

const SIZE = 8;
/** No filter begins with so much text: its instructions have zeros. */
const LOOKED_AT = 64;
const SHOWN = 20;
/** BPF_MAXINSNS */
const MOST = 4096;
/** BPF_MEMWORDS */
const MEMORY_WORDS = 16;
/** sizeof(struct seccomp_data) */
const DATA_BYTES = 64;

const LD_ABS = 0x20;
const LD_LEN = 0x80;
const LDX_LEN = 0x81;
const LD_IMM = 0x00;
const LDX_IMM = 0x01;
const LD_MEM = 0x60;
const LDX_MEM = 0x61;
const ST = 0x02;
const STX = 0x03;
const TAX = 0x07;
const TXA = 0x87;
const RET_K = 0x06;
const RET_A = 0x16;
const JUMP = 0x05;
const ALU_CLASS = 0x04;
const JUMP_CLASS = 0x05;
/** The operand is X, and not the constant. */
const BY_X = 0x08;

const ADD = 0x00;
const SUB = 0x10;
const MUL = 0x20;
const DIV = 0x30;
const OR = 0x40;
const AND = 0x50;
const LSH = 0x60;
const RSH = 0x70;
const NEG = 0x80;
const XOR = 0xa0;
const JEQ = 0x10;
const JGT = 0x20;
const JGE = 0x30;
const JSET = 0x40;

const withBothSources = (ofClass: number, operations: readonly number[]): number[] =>
  operations.flatMap((operation) => [ofClass | operation, ofClass | operation | BY_X]);

/** The instructions of classic BPF that seccomp takes. */
const ALLOWED: ReadonlySet<number> = new Set([
  ...[LD_ABS, LD_LEN, LDX_LEN, LD_IMM, LDX_IMM, LD_MEM, LDX_MEM, ST, STX, TAX, TXA, RET_K, RET_A, JUMP],
  ...withBothSources(ALU_CLASS, [ADD, SUB, MUL, DIV, OR, AND, LSH, RSH, XOR]),
  ALU_CLASS | NEG,
  ...withBothSources(JUMP_CLASS, [JEQ, JGT, JGE, JSET]),
]);

type JudgedCall = 'execve' | 'write';

/** The AUDIT_ARCH_* of each architecture that memcage has binaries for, and its numbers of system calls. */
const ARCHITECTURES: Readonly<Record<string, Readonly<Record<JudgedCall | 'audit', number>>>> = {
  x64: { audit: 0xc000003e, execve: 59, write: 1 },
  arm64: { audit: 0xc00000b7, execve: 221, write: 64 },
};

const RET_ACTION = 0xffff0000;
const RET_ALLOW = 0x7fff0000;
const RET_LOG = 0x7ffc0000;

/** Why the kernel would refuse the program, or could not run any program below it; undefined if it would not. */
export function whyNoFilter(bytes: Uint8Array): string | undefined {
  const other = whatElse(bytes);
  if (other !== undefined) return other;
  if (bytes.length === 0 || bytes.length % SIZE !== 0 || bytes.length > MOST * SIZE) {
    return `${bytes.length} bytes are not 1 to ${MOST} instructions of ${SIZE} bytes`;
  }
  const program = read(bytes);
  const wrong = wrongInstruction(program) ?? readBeforeWritten(program);
  if (wrong !== undefined) return wrong;
  const result = resultOf(program, 'execve');
  if (result === undefined || isLetThrough(result)) return undefined;
  return `it forbids execve(2) on ${process.arch} (it returns 0x${result.toString(16)}), so no program could be started`;
}

/** What people take for a filter. */
function whatElse(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return 'it is empty';
  const start = Buffer.from(bytes.subarray(0, LOOKED_AT)).toString('latin1');
  if (start.startsWith('\x7fELF')) return 'it is a program (ELF)';
  if (!/^[\t\n\r -~]+$/.test(start)) return undefined;
  return /^\s*\{/.test(start)
    ? 'it is JSON, as the profiles of Docker are, and the kernel takes no JSON'
    : `it is text: ${JSON.stringify(start.slice(0, SHOWN))}`;
}

/** Whether a filter forbids write(2) to every fd, as far as that can be told without running it. */
export function forbidsWrite(filter: Uint8Array): boolean {
  const result = resultOf(read(filter), 'write');
  return result !== undefined && !isLetThrough(result);
}

/** What the program returns for the call, whatever its arguments; undefined if it depends on those. */
function resultOf(program: readonly Instruction[], call: JudgedCall): number | undefined {
  const architecture = ARCHITECTURES[process.arch];
  if (architecture === undefined) return undefined;
  const result = run(program, { number: architecture[call], audit: architecture.audit });
  return result === undefined ? undefined : result >>> 0;
}

function isLetThrough(result: number | undefined): boolean {
  return result !== undefined && [RET_ALLOW, RET_LOG].includes((result & RET_ACTION) >>> 0);
}

function read(bytes: Uint8Array): Instruction[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = endianness() === 'LE';
  return Array.from({ length: bytes.length / SIZE }, (_, index) => ({
    code: view.getUint16(index * SIZE, little),
    ifTrue: view.getUint8(index * SIZE + 2),
    ifFalse: view.getUint8(index * SIZE + 3),
    k: view.getUint32(index * SIZE + 4, little),
  }));
}

function wrongInstruction(program: readonly Instruction[]): string | undefined {
  for (const [index, instruction] of program.entries()) {
    const wrong = wrongIn(instruction, program.length - index - 1);
    if (wrong !== undefined) return `instruction ${index} ${wrong}`;
  }
  const last = program.at(-1)?.code;
  return last === RET_K || last === RET_A
    ? undefined
    : `instruction ${program.length - 1}, the last one, does not return`;
}

/** @param following how many instructions follow it */
function wrongIn({ code, ifTrue, ifFalse, k }: Instruction, following: number): string | undefined {
  if (!ALLOWED.has(code)) return `has the code 0x${code.toString(16)}, which seccomp does not take`;
  if (code === LD_ABS && (k >= DATA_BYTES || k % 4 !== 0)) return `loads from ${k}, which is no word of seccomp_data`;
  if ([LD_MEM, LDX_MEM, ST, STX].includes(code) && k >= MEMORY_WORDS) return `has no such word of memory: ${k}`;
  if (code === (ALU_CLASS | DIV) && k === 0) return 'divides by 0';
  if ([ALU_CLASS | LSH, ALU_CLASS | RSH].includes(code) && k >= 32) return `shifts by ${k} bits`;
  const jumps = code === JUMP ? [k] : isConditional(code) ? [ifTrue, ifFalse] : [];
  const beyond = jumps.find((offset) => offset >= following);
  return beyond === undefined ? undefined : `jumps over ${beyond} instructions, beyond the end`;
}

function isConditional(code: number): boolean {
  return (code & 7) === JUMP_CLASS && code !== JUMP;
}

/** A word of memory that not every way to an instruction has written, check_load_and_stores(). */
function readBeforeWritten(program: readonly Instruction[]): string | undefined {
  const all = 2 ** MEMORY_WORDS - 1;
  const atStart = program.map(() => all);
  const reach = (index: number, written: number): void => {
    atStart[index] = (atStart[index] ?? all) & written;
  };
  let written = 0;
  for (const [index, { code, ifTrue, ifFalse, k }] of program.entries()) {
    written &= atStart[index] ?? all;
    if (code === ST || code === STX) written |= 1 << k;
    else if ((code === LD_MEM || code === LDX_MEM) && (written & (1 << k)) === 0) {
      return `instruction ${index} reads word ${k} of memory, which may not have been written`;
    } else if (code === JUMP || isConditional(code)) {
      for (const offset of code === JUMP ? [k] : [ifTrue, ifFalse]) reach(index + 1 + offset, written);
      written = all;
    }
  }
  return undefined;
}

/**
 * What the program returns for a system call of which number and architecture are known; undefined if that depends on
 * something else, such as an address.
 */
function run(
  program: readonly Instruction[],
  { number, audit }: { number: number; audit: number },
): number | undefined {
  let a: number | undefined = 0;
  let x: number | undefined = 0;
  const memory: (number | undefined)[] = [];
  for (let index = 0; index < program.length; index += 1) {
    const { code, ifTrue, ifFalse, k } = program[index] as Instruction;
    const operand: number | undefined = (code & BY_X) === 0 ? k : x;
    if (code === RET_K) return k;
    if (code === RET_A) return a;
    if (code === LD_ABS) a = k === 0 ? number : k === 4 ? audit : undefined;
    else if (code === LD_IMM) a = k;
    else if (code === LDX_IMM) x = k;
    else if (code === LD_LEN) a = DATA_BYTES;
    else if (code === LDX_LEN) x = DATA_BYTES;
    else if (code === LD_MEM) a = memory[k];
    else if (code === LDX_MEM) x = memory[k];
    else if (code === ST) memory[k] = a;
    else if (code === STX) memory[k] = x;
    else if (code === TAX) x = a;
    else if (code === TXA) a = x;
    else if (code === JUMP) index += k;
    else if (isConditional(code)) {
      if (a === undefined || operand === undefined) return undefined;
      index += holds(code & 0xf0, a, operand) ? ifTrue : ifFalse;
    } else {
      // The kernel's program ends with 0, SECCOMP_RET_KILL_THREAD, where it divides by 0.
      if ((code & 0xf0) === DIV && operand === 0) return 0;
      a = a === undefined || operand === undefined ? undefined : calculate(code & 0xf0, a, operand);
    }
  }
  return undefined;
}

function holds(operation: number, a: number, operand: number): boolean {
  if (operation === JEQ) return a === operand;
  if (operation === JGT) return a > operand;
  if (operation === JGE) return a >= operand;
  return (a & operand) !== 0;
}

/** With 32 bits and no sign. */
function calculate(operation: number, a: number, operand: number): number {
  const results: Readonly<Record<number, () => number>> = {
    [ADD]: () => a + operand,
    [SUB]: () => a - operand,
    [MUL]: () => Math.imul(a, operand),
    [DIV]: () => Math.floor(a / operand),
    [OR]: () => a | operand,
    [AND]: () => a & operand,
    [LSH]: () => a << operand,
    [RSH]: () => a >>> operand,
    [NEG]: () => -a,
    [XOR]: () => a ^ operand,
  };
  return (results[operation]?.() ?? 0) >>> 0;
}
