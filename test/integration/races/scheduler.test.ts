import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Overseen, type OverseeOptions, oversee } from '../../support/proving/oversee';
import { SCHEDULER } from '../../support/races/describe-races';
import { describeIf } from '../../support/require';

/** Two processes add 1 to a number in a file, each by a read and a write. */
const ADD = 'read -r n < number; echo $((n + 1)) > number';
const READ = 'read 1:/number$';
const WRITE = 'write 1:/number$';

/** With what both outcomes of a race come about at will, or all the others prove nothing. */
describeIf(SCHEDULER, 'the scheduler of races', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-test-scheduler-'));
    writeFileSync(join(directory, 'number'), '0\n');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  // Not dash: in its SIGCHLD a call fails with EINTR that the overseer has not received yet.
  const shell = (script: string, rules: string[], more: OverseeOptions = {}): Promise<Overseen> =>
    oversee(['bash', '-c', script], { always: true, rules, cwd: directory, ...more });
  const number = (): string => readFileSync(join(directory, 'number'), 'utf8');

  test.each([
    ['the parent adds once the child has', [`hold parent ${READ} after child ${WRITE}`], '2\n'],
    ['the child adds once the parent has', [`hold child ${READ} after parent ${WRITE}`], '2\n'],
    [
      'the parent reads before the child writes, and writes after it',
      [`hold child ${WRITE} after parent ${READ}`, `hold parent ${WRITE} after child ${WRITE}`],
      '1\n',
    ],
    [
      'the child reads before the parent writes, and writes after it',
      [`hold parent ${WRITE} after child ${READ}`, `hold child ${WRITE} after parent ${WRITE}`],
      '1\n',
    ],
    ['the parent reads once the child has ended', [`hold parent ${READ} end child 1`], '2\n'],
  ] as const)('loses an update or not, as it is told: %s', async (_, rules, sum) => {
    const end = await shell(`(${ADD}) & ${ADD}; wait`, [...rules]);
    expect([end.late, end.released, number()]).toEqual([0, rules.length, sum]);
  });

  test.each(['parent', 'child'] as const)('has the %s write last', async (last) => {
    const first = last === 'parent' ? 'child' : 'parent';
    const rules = [`hold ${last} openat 1:number after ${first} ${WRITE}`];
    const end = await shell('(echo child > number) & echo parent > number; wait', rules);
    expect([end.late, end.released, number()]).toEqual([0, 1, `${last}\n`]);
  });

  test('has another process act between two calls', async () => {
    const end = await shell(ADD, [`run parent ${WRITE} echo 5 > number`]);
    expect([end.late, end.ran, number()]).toEqual([0, [0], '1\n']);
    writeFileSync(join(directory, 'number'), '0\n');
    const before = await shell(ADD, ['run parent openat 1:number echo 5 > number']);
    expect([before.late, before.ran, number()]).toEqual([0, [0], '6\n']);
  });

  test('says so where an order can not be', async () => {
    // The child begins when the parent has ended its part.
    const end = await shell(`${ADD}; (${ADD}); wait`, [`hold parent ${WRITE} after child ${READ}`], {
      holdMs: 200,
    });
    expect([end.late, end.released, number()]).toEqual([1, 0, '2\n']);
  });
});
