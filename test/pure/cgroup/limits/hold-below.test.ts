import { holdBelow } from '../../../../lib/cgroup/limits/limit-files';
import { cgroupsInMemory, refusal } from '../../../support/cgroups/cgroups-in-memory';
import { withCode } from '../../../support/error-code';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

testRows<[found: Record<string, string>, done: string[]]>(
  'the limits of a cgroup hold below it',
  [
    [{ 'memory.use_hierarchy': '0\n' }, ['write c/memory.use_hierarchy 1']],
    [{ 'memory.use_hierarchy': '1\n' }, []],
    // A kernel that no longer has the file.
    [{}, []],
  ],
  ([found, done]) => {
    const cgroups = cgroupsInMemory({ c: found });
    holdBelow(cgroups.directory('c'));
    expect(cgroups.done).toEqual(done);
  },
);

test('an error says why they would not', () => {
  const cgroups = cgroupsInMemory(
    { c: { 'memory.use_hierarchy': '0\n' } },
    {
      writeBeneath() {
        throw refusal('EBUSY', 'write');
      },
    },
  );
  const error = withCode('UNSUPPORTED', 'cgroups that a child makes below it, since its memory.use_hierarchy is 0');
  expect(() => holdBelow(cgroups.directory('c'))).toThrow(error);
  expect(() => holdBelow(cgroups.directory('c'))).toThrow(/EBUSY.* Cure: use Linux 5\.11/);
  expect(thrown(() => holdBelow(cgroups.directory('c')))).toMatchObject({
    path: expect.stringMatching(/\/c$/) as string,
    syscall: 'write',
  });
});
