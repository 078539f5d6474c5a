import { enforceOf, isWeaker, resolveEnforce } from '../../../../lib/start/request/enforce-option';
import { thrown } from '../../../support/thrown';

const VARIABLE = 'MEMCAGE_ENFORCE';

describe('what a caller accepts', () => {
  const before = process.env[VARIABLE];
  afterEach(() => {
    if (before === undefined) delete process.env[VARIABLE];
    else process.env[VARIABLE] = before;
  });

  test('the option, else the environment, else the kernel alone', () => {
    delete process.env[VARIABLE];
    expect([enforceOf(undefined), enforceOf('none')]).toEqual(['kernel', 'none']);
    process.env[VARIABLE] = '';
    expect(enforceOf(undefined)).toBe('kernel');
    process.env[VARIABLE] = 'polled';
    expect([enforceOf(undefined), enforceOf('kernel'), enforceOf('none')]).toEqual(['polled', 'kernel', 'none']);
  });

  test('a wrong word is refused where it counts, and the error names it', () => {
    process.env[VARIABLE] = 'Polled';
    const code = 'ERR_MEMCAGE_INVALID_ARGUMENT';
    expect(enforceOf('kernel')).toBe('kernel');
    expect(() => enforceOf(undefined)).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringMatching(/'kernel', 'polled' or 'none' .*MEMCAGE_ENFORCE/),
      }),
    );
    expect(thrown(() => enforceOf(undefined))).not.toHaveProperty('option');
    expect(thrown(() => resolveEnforce(true))).toHaveProperty('option', 'enforce');
    expect(() => resolveEnforce(true)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(/for enforce but received true/) }),
    );
  });

  test('the order of strength', () => {
    expect([isWeaker('polled', 'kernel'), isWeaker('none', 'polled'), isWeaker('none', 'kernel')]).toEqual([
      true,
      true,
      true,
    ]);
    expect([isWeaker('kernel', 'none'), isWeaker('polled', 'polled'), isWeaker('polled', 'none')]).toEqual([
      false,
      false,
      false,
    ]);
  });
});
