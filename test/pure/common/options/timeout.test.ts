import { checkTimeout } from '../../../../lib/common/options/checks';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const MOST = 2 ** 31 - 1;

testRows('a time', [undefined, 0, 1, MOST], (timeout) => {
  expect(() => checkTimeout(timeout)).not.toThrow();
});

testRows('no time', [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null, 5n], (timeout) => {
  expect(thrown(() => checkTimeout(timeout))).toMatchObject({
    code: 'ERR_MEMCAGE_INVALID_ARGUMENT',
    message: expect.stringContaining('a number of milliseconds for timeout') as string,
  });
});

test('a time that setTimeout() would take for 1 ms', () => {
  expect(thrown(() => checkTimeout(MOST + 1))).toMatchObject({
    name: 'RangeError',
    code: 'ERR_OUT_OF_RANGE',
    message: expect.stringContaining('"timeout"') as string,
  });
});
