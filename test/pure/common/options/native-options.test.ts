import { withCheckedOptions } from '../../../../lib/common/options/native-options';
import { withCode } from '../../../support/error-code';

/** A function of the addon, which tells what it is called with. */
const closeFd = (...args: unknown[]): unknown[] => args;

test('a function refuses an option that it does not know', () => {
  const checked = withCheckedOptions('closeFd', closeFd) as typeof closeFd;
  expect(() => checked({ fd: 3, FD: 4 })).toThrow(
    withCode('UNKNOWN_OPTION', "Unknown option 'FD' of native.closeFd: did you mean 'fd'? (native.closeFd has fd)"),
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
  const other = (): void => {};
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
  expect(withCheckedOptions('guardianPid', closeFd)).toBe(closeFd);
  expect(withCheckedOptions('toString', closeFd)).toBe(closeFd);
  expect(withCheckedOptions(Symbol.iterator, closeFd)).toBe(closeFd);
});
