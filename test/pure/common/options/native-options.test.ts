import { withCheckedOptions } from '../../../../lib/common/options/native-options';
import { withCode } from '../../../support/error-code';

/** A function of the addon, which tells what it is called with. */
const addonFunction = (options: string) => Object.assign((...args: unknown[]): unknown[] => args, { options });
const closeFd = addonFunction('fd');

test('a function refuses an option that it does not know', () => {
  const checked = withCheckedOptions('closeFd', closeFd) as typeof closeFd;
  expect(() => checked({ fd: 3, FD: 4 })).toThrow(
    withCode('UNKNOWN_OPTION', "Unknown option 'FD' of native.closeFd: did you mean 'fd'?"),
  );
});

test('each of its options is known by name', () => {
  const checked = withCheckedOptions('writeOpen', addonFunction('fd value')) as typeof closeFd;
  expect(checked({ fd: 3, value: '' })).toEqual([{ fd: 3, value: '' }]);
  expect(() => checked({ 'fd value': 3 })).toThrow(withCode('UNKNOWN_OPTION', 'native.writeOpen has fd, value'));
});

test('an inherited option reaches it, and none that all objects have', () => {
  const checked = withCheckedOptions('setns', addonFunction('fd flags')) as typeof closeFd;
  expect(checked(Object.create({ fd: 3 }))).toEqual([{ fd: 3 }]);
  Reflect.set(Object.prototype, 'flags', 1);
  try {
    expect(checked({ fd: 3 })).toEqual([Object.assign(Object.create(null), { fd: 3 })]);
    expect(Object.hasOwn((checked({ fd: 3 }) as object[])[0] as object, 'flags')).toBe(false);
  } finally {
    Reflect.deleteProperty(Object.prototype, 'flags');
  }
});

test('what an object within the options inherits would not count, so it is refused', () => {
  const checked = withCheckedOptions('clone', addonFunction('root env')) as typeof closeFd;
  const root = { path: '/', mounts: [{ kind: 'tmpfs' }], hide: [] };
  expect(checked({ root, env: ['A=1'] })).toEqual([{ root, env: ['A=1'] }]);
  expect(() => checked({ root: { ...root, mounts: [Object.create({ kind: 'tmpfs' })] } })).toThrow(
    withCode('INVALID_ARGUMENT', 'a plain object, which inherits nothing for root.mounts'),
  );
});

test('all else reaches it, and it is called as what it is', () => {
  const checked = withCheckedOptions('closeFd', closeFd) as typeof closeFd;
  expect(checked({ fd: 3 }, 'more', 1)).toEqual([{ fd: 3 }, 'more', 1]);
  // The addon itself says what is wrong with these.
  expect(checked(3)).toEqual([3]);
  expect(checked([1])).toEqual([[1]]);
  expect(checked.name).toBe('closeFd');
});

test('the same function comes back each time, and another for a function that has changed', () => {
  const other = addonFunction('pidfd');
  const checked = withCheckedOptions('reap', closeFd);
  expect(withCheckedOptions('reap', closeFd)).toBe(checked);
  const changed = withCheckedOptions('reap', other);
  expect(changed).not.toBe(checked);
  expect(withCheckedOptions('reap', other)).toBe(changed);
});

test('what is no function, or takes no options, stays as it is', () => {
  const constants = { pageSize: 4096 };
  expect(withCheckedOptions('constants', constants)).toBe(constants);
  expect(withCheckedOptions('clone', constants)).toBe(constants);
  const guardianPid = addonFunction('');
  expect(withCheckedOptions('guardianPid', guardianPid)).toBe(guardianPid);
  expect(withCheckedOptions('toString', Object.prototype.toString)).toBe(Object.prototype.toString);
  expect(withCheckedOptions(Symbol.iterator, closeFd)).toBe(closeFd);
});
