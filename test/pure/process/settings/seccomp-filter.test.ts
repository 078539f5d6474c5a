import { whyNoFilter } from '../../../../lib/process/settings/seccomp-filter';
import {
  ALLOW,
  assemble,
  type Bpf,
  callNumber,
  errno,
  IF_EQUAL,
  KILL,
  LOAD,
  RETURN,
  refusing,
} from '../../../support/cgroups/bpf';
import { testRows } from '../../../support/rows';

const allow: Bpf = [RETURN, ALLOW];
const execve = callNumber('execve');

testRows(
  'what the kernel takes is a filter',
  [
    assemble(allow),
    refusing(['mkdir', 'mkdirat'], errno(1)),
    // Of each class.
    assemble(
      [0x00, 5],
      [0x07, 0],
      [0x87, 0],
      [0x04, 1],
      [0x0c, 0],
      [0x84, 0],
      [0x02, 3],
      [0x61, 3],
      [0x80, 0],
      [0x05, 0],
      allow,
    ),
    assemble([LOAD, 60], allow),
    // It depends on an argument whether it forbids execve(2).
    assemble([LOAD, 16], [IF_EQUAL, 0, 1, 0], [RETURN, KILL], allow),
    assemble([0x00, ALLOW], [0x16, 0]),
    // SECCOMP_RET_LOG
    assemble([RETURN, 0x7ffc0000]),
    assemble(...Array.from({ length: 4096 }, () => allow)),
  ],
  (bytes) => {
    expect(whyNoFilter(bytes)).toBeUndefined();
  },
  { name: (bytes) => `${bytes.length} bytes` },
);

testRows(
  'what the kernel would refuse is told, with the instruction',
  [
    [new Uint8Array(0), 'it is empty'],
    [Buffer.from('{\n  "defaultAction": "SCMP_ACT_ERRNO"\n}'), 'it is JSON, as the profiles of Docker are'],
    [Buffer.from('SCMP_ACT_ALLOW: everything\n'), 'it is text: "SCMP_ACT_ALLOW: ever"'],
    [Buffer.from('\x7fELF\x02\x01\x01\x00', 'latin1'), 'it is a program (ELF)'],
    [new Uint8Array(12), '12 bytes are not'],
    [assemble(...Array.from({ length: 4097 }, () => allow)), '32776 bytes are not'],
    [assemble([0x28, 0], allow), 'instruction 0 has the code 0x28'],
    [assemble(allow, [0x94, 1], allow), 'instruction 1 has the code 0x94'],
    [assemble([LOAD, 64], allow), 'instruction 0 loads from 64'],
    [assemble([LOAD, 2], allow), 'instruction 0 loads from 2'],
    [assemble([0x60, 16], allow), 'instruction 0 has no such word of memory: 16'],
    [assemble([0x34, 0], allow), 'instruction 0 divides by 0'],
    [assemble([0x64, 32], allow), 'instruction 0 shifts by 32'],
    [assemble([0x05, 1], allow), 'instruction 0 jumps over 1 instructions, beyond the end'],
    [assemble([IF_EQUAL, 0, 0, 1], allow), 'instruction 0 jumps over 1 instructions'],
    [assemble([0x05, 0xffffffff], allow), 'beyond the end'],
    [assemble([0x60, 0], allow), 'instruction 0 reads word 0'],
    // Only one way to it writes the word.
    [assemble([IF_EQUAL, 0, 1, 0], [0x02, 0], [0x60, 0], allow), 'instruction 2 reads word 0'],
    [assemble(allow, [0x00, 0]), 'instruction 1, the last one, does not return'],
  ] as const,
  ([bytes, words]) => {
    expect(whyNoFilter(bytes)).toContain(words);
  },
  { name: ([, words]) => words },
);

testRows(
  'a filter that forbids execve(2) is told',
  [
    assemble([RETURN, KILL]),
    assemble([RETURN, errno(1)]),
    refusing(['execve'], errno(38)),
    // SECCOMP_RET_USER_NOTIF and SECCOMP_RET_TRACE, for which nobody is there.
    refusing(['execve'], 0x7fc00000),
    refusing(['execve'], 0x7ff00000),
    // Only calls of another architecture.
    assemble([LOAD, 4], [IF_EQUAL, 0x40000003, 0, 1], allow, [RETURN, KILL]),
    // By arithmetic: (number * 2 - number) ^ number == 0.
    assemble([LOAD, 0], [0x07, 0], [0x24, 2], [0x1c, 0], [0xac, 0], [IF_EQUAL, 0, 0, 1], [RETURN, KILL], allow),
    // Divided by the 0 in X.
    assemble([LOAD, 0], [0x3c, 0], allow),
    // Through memory.
    assemble([LOAD, 0], [0x02, 7], [0x00, 0], [0x60, 7], [0x35, execve, 0, 1], [RETURN, KILL], allow),
  ],
  (bytes) => {
    expect(whyNoFilter(bytes)).toContain('it forbids execve(2)');
  },
  { name: (bytes) => Buffer.from(bytes).toString('hex') },
);
