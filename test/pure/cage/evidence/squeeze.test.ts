import { Squeeze } from '../../../../lib/cage/evidence/watching/squeeze';
import type { NativeBinding } from '../../../../types/native';
import { cgroupsInMemory, refusal } from '../../../support/cgroups/cgroups-in-memory';

const MIB = 2 ** 20;
const LIMIT = 'memory.limit_in_bytes';
const USAGE = 'memory.usage_in_bytes';
const [BEFORE, LOWER] = [100 * MIB, 80 * MIB];

/** A cage that uses 90 of its 100 MiB. @param instead functions of the addon that act differently */
function squeezed(instead: (files: Record<string, string>) => Partial<NativeBinding> = () => ({})) {
  const files = { [LIMIT]: `${BEFORE}\n`, [USAGE]: `${90 * MIB}\n`, 'cgroup.procs': '' };
  const late = new Map<number, string>();
  const tree = cgroupsInMemory(
    {},
    {
      writeLater: ({ value }) => late.set(1, value).size,
      makeLateWrite({ id }) {
        files[LIMIT] = `${late.get(id)}\n`;
        late.delete(id);
      },
      dropLateWrite: ({ id }) => void late.delete(id),
      ...instead(files),
    },
  );
  tree.cgroups.set('c', files);
  const squeeze = new Squeeze(tree.directory('c'));
  const told = squeeze.squeeze(10 * MIB);
  return { told, squeeze, late, done: tree.done, limit: () => Number(files[LIMIT]), files };
}

test('lowers the limit, and puts it back by what is there before it', () => {
  const { told, late, done, limit } = squeezed();
  expect(done).toEqual([`write c/${LIMIT} ${LOWER}`]);
  expect([told, late.size, limit()]).toEqual([undefined, 0, BEFORE]);
});

test('leaves the limit alone that the kernel does not lower', () => {
  const refuse = () => {
    throw refusal('EBUSY', 'write');
  };
  const { told, late, limit } = squeezed(() => ({ writeBeneath: refuse }));
  expect([told, late.size, limit()]).toEqual([undefined, 0, BEFORE]);
});

test.each([
  ['is content with what the kernel has given back by and by', [70 * MIB], 1],
  ['tries again where the kernel has given back too little', [85 * MIB, 70 * MIB], 2],
] as const)('where the kernel refuses a lower limit, %s', (_, usage, writes) => {
  let tries = 0;
  const { told, late, limit } = squeezed((files) => ({
    writeBeneath() {
      files[USAGE] = `${usage[tries]}\n`;
      tries += 1;
      throw refusal('EBUSY', 'write');
    },
  }));
  expect([told, late.size, limit(), tries]).toEqual([undefined, 0, BEFORE, writes]);
});

test('keeps what somebody else has set meanwhile', () => {
  const { told, late, limit } = squeezed((files) => ({
    writeBeneath() {
      files[LIMIT] = `${50 * MIB}\n`;
    },
  }));
  expect([told, late.size, limit()]).toEqual([undefined, 0, 50 * MIB]);
});

test('puts the limit back where no fd is free any more', () => {
  let isFull = false;
  const { told, limit } = squeezed((files) => ({
    writeBeneath({ value }) {
      if (isFull) throw refusal('EMFILE');
      files[LIMIT] = `${value}\n`;
      isFull = true;
    },
    readBeneath({ path }) {
      if (isFull) throw refusal('EMFILE');
      return files[path.slice(2)] ?? '';
    },
  }));
  expect([told, limit()]).toEqual([undefined, BEFORE]);
});

test('tells of a limit that is not put back, leaves it to the addon, and tries again', () => {
  const { told, squeeze, late, limit, files } = squeezed(() => ({
    makeLateWrite() {
      throw refusal('EBUSY', 'write');
    },
  }));
  expect(told).toMatch(/limit of 100 MiB was lowered to 80 MiB.* could not be put back: write EBUSY/);
  expect([[...late.values()], limit()]).toEqual([[String(BEFORE)], LOWER]);
  squeeze.putBack();
  expect(limit()).toBe(BEFORE);
  // It is nobody's any more.
  files[LIMIT] = `${LOWER}\n`;
  squeeze.putBack();
  expect(limit()).toBe(LOWER);
});
