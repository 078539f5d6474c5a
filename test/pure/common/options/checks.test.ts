import {
  checkInteger,
  checkTimeout,
  millisecondsIn,
  numberIn,
  refuseSignal,
} from '../../../../lib/common/options/checks';
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

testRows(
  'the number that is meant',
  [
    ['64', 64],
    ['64.25', 64.25],
    ['50%', 0.5],
    ['50 %', 0.5],
    ['about 64', undefined],
    ['64 or so', undefined],
    ['64.x', undefined],
    ['', undefined],
    [64, undefined],
    [undefined, undefined],
  ],
  ([given, meant]) => {
    expect(numberIn(given)).toBe(meant);
  },
);

testRows(
  'the milliseconds that are meant',
  [
    ['500', 500],
    ['5s', 5000],
    ['1.5 m', 90_000],
    ['5 years', Number.NaN],
    [['5s'], undefined],
    [500, undefined],
  ],
  ([given, meant]) => {
    expect(millisecondsIn(given)).toBe(meant);
  },
);

testRows(
  'an integer asks for the number that a text most likely means, where that may be given',
  [
    ['2', 'did you mean 2?'],
    ['5', 'did you mean 5?'],
    ['1', undefined],
    ['6', undefined],
    ['2.5', undefined],
    ['two', undefined],
    [null, undefined],
  ],
  ([given, question]) => {
    const { message } = thrown(() => checkInteger('pids', given, { least: 2, most: 5 })) as Error;
    expect(message).toContain('Expected an integer from 2 to 5 for pids');
    expect(/did you mean .*\?/.exec(message)?.[0]).toBe(question);
  },
);

testRows('no signal, or that which is sent', [undefined, 'SIGKILL', 9], (signal) => {
  expect(() => refuseSignal(signal, 'cage.kill')).not.toThrow();
});

test('a signal that is not sent', () => {
  expect(thrown(() => refuseSignal('SIGTERM', 'cage.kill'))).toMatchObject({
    option: 'signal',
    message:
      "signal can't be given to cage.kill(), which sends SIGKILL to every process. Cure: child.kill('SIGTERM') for one child",
  });
});
