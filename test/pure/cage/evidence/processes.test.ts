import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { ProcessShare } from '../../../../lib/cage/evidence/messages';
import { readShare, readStatus } from '../../../../lib/cage/evidence/reading/processes';

const COMM = '/proc/self/comm';
const before = readFileSync(COMM, 'utf8').trimEnd();
afterEach(() => writeFileSync(COMM, before));

function nameWhenCalled(name: string): string {
  writeFileSync(COMM, name);
  return readShare(readStatus(process.pid) as ProcessShare, () => true).share.name;
}

test('a process has the name that the kernel has for it', () => {
  expect(nameWhenCalled('of its own')).toBe('of its own');
});

test.each(['MainThread', 'node-MainThread'])('it has the name of its program where Node calls it %s', (name) => {
  const [program = ''] = readFileSync('/proc/self/cmdline', 'latin1').split('\0');
  expect(nameWhenCalled(name)).toBe(basename(program));
});
