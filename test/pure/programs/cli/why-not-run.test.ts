import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyNoCommand } from '../../../../lib/programs/cli/commands/run/why-not-run';
import { testRows } from '../../../support/rows';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'memcage-why-'));
  mkdirSync(join(directory, 'folder'));
  writeFileSync(join(directory, 'plain'), 'text');
  writeFileSync(join(directory, 'script'), '#! /no/such/sh -x\n', { mode: 0o755 });
  writeFileSync(join(directory, 'of windows'), '#!/bin/sh\r\necho\r\n', { mode: 0o755 });
  writeFileSync(join(directory, 'nothing'), '#!\r\n/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(directory, 'program'), '\x7fELF', { mode: 0o755 });
});

afterAll(() => rmSync(directory, { recursive: true }));

testRows<[file: string, code: string, why: string | undefined]>(
  'a program that can not be run is told with its reason, as a shell does, and with what helps',
  [
    ['none', 'ENOENT', 'there is no such program in PATH (ENOENT)'],
    ['none', 'EACCES', 'the one in PATH is not executable (EACCES)'],
    ['echo hi | cat', 'ENOENT', "in PATH (ENOENT). Cure: sh -c 'echo hi | cat'"],
    ['echo hi', 'ENOENT', 'in PATH (ENOENT). Cure: write its arguments as words of their own: echo hi'],
    ['100M', 'ENOENT', 'in PATH (ENOENT). If it is the limit: -m 100M'],
    ['100', 'ENOENT', 'there is no such program in PATH (ENOENT)'],
    ['./none', 'ENOENT', 'there is no such file (ENOENT)'],
    ['./script', 'ENOENT', 'it is there, but not /no/such/sh, which its first line needs (ENOENT)'],
    ['./of windows', 'ENOENT', "its lines end in CR LF (ENOENT). Cure: sed -i 's/\\r$//' './of windows'"],
    ['./nothing', 'ENOENT', 'its lines end in CR LF (ENOENT)'],
    ['./program', 'ENOENT', 'it is there, but not the loader of the libraries that it needs (ENOENT)'],
    ['./plain/sh', 'ENOTDIR', 'what its path calls a directory is none (ENOTDIR)'],
    ['./folder', 'EACCES', 'it is a directory (EACCES)'],
    ['./plain', 'EACCES', 'it is not executable (EACCES). Cure: chmod +x ./plain'],
    ['./program', 'ENOEXEC', 'it is neither a program of this machine nor a script that begins with #! (ENOEXEC)'],
    // Only the kernel knows.
    ['./script', 'EACCES', undefined],
    ['none', 'E2BIG', undefined],
  ],
  ([file, code, why]) => {
    const told = whyNoCommand(file, { code, syscall: 'execve' }, { cwd: directory });
    if (why === undefined) expect(told).toBeUndefined();
    else expect(told).toContain(why);
  },
);

test('in a root of its own nobody looks at the files of this one', () => {
  const child = { cwd: directory, root: { path: '/srv' } };
  expect(whyNoCommand('./none', { code: 'ENOENT', syscall: 'execve' }, child)).toBeUndefined();
});

test('what is not about the program is left as it is', () => {
  expect(whyNoCommand('./none', { code: 'ENOENT', syscall: 'chdir' }, { cwd: directory })).toBeUndefined();
});
