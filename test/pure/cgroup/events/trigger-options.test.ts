import { checkTrigger } from '../../../../lib/cgroup/events/trigger-options';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const PAGE = 4096;

describe('checkTrigger', () => {
  test('fills in the defaults', () => {
    expect(checkTrigger({ pressure: 'full', thresholdMs: 10 }, 2, PAGE)).toEqual({
      kind: 'stall',
      stall: 'full',
      thresholdMs: 10,
      windowMs: 2000,
    });
    expect(checkTrigger({ pressure: 'medium' }, 1, PAGE)).toEqual({ kind: 'level', level: 'medium', mode: 'default' });
    expect(checkTrigger({ threshold: '1M' }, 1, PAGE)).toEqual({ kind: 'usage', bytes: 1 << 20, of: 'memory' });
  });

  test('refuses a threshold that is less than a page, which the kernel would take for 0', () => {
    expect(checkTrigger({ threshold: '16K' }, 1, 16_384)).toMatchObject({ bytes: 16_384 });
    expect(thrown(() => checkTrigger({ threshold: '8K' }, 1, 16_384))).toMatchObject({
      code: 'ERR_MEMCAGE_LIMIT_TOO_SMALL',
    });
  });

  testRows(
    'refuses triggers of the other version',
    [
      [{ pressure: 'some', thresholdMs: 1 }, 1],
      [{ pressure: 'low' }, 2],
      [{ threshold: '1M' }, 2],
    ] as const,
    ([trigger, version]) => {
      expect(thrown(() => checkTrigger(trigger, version, PAGE))).toMatchObject({ code: 'ERR_MEMCAGE_NOT_IN_VERSION' });
    },
  );
});
