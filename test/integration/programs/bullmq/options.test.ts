import { createProcessor } from 'memcage/bullmq';
import { ENDS } from '../../../support/bullmq/caged-jobs';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

describeIf('cgroup', 'the options of a caged processor', () => {
  testRows(
    'refuses options that are wrong',
    [
      [{ memory: undefined }, "Expected the limit of a job, such as '200M' for memory but received undefined"],
      [{ graceMs: -1 }, 'Expected a number of milliseconds, from 0 to 2147483647 for graceMs but received -1'],
      [{ timeout: '1s' }, 'for timeout but received'],
      [{ retry: { memory: '32M' } }, 'Expected more than memory, which is 64 MiB for retry.memory but received'],
      [{ retry: { mem: '32M' } }, 'Expected an object with memory'],
      [{ learn: true }, "learn needs a budget, such as createBudget({ memory: '4G' })"],
      [{ learn: 'name' }, 'Expected true or a function for learn'],
      [{ budget: {} }, 'Expected what createBudget() returns for budget'],
      [
        { detached: true },
        "detached can't be given to createProcessor(): a job ends with its worker. Cure: leave it out",
      ],
      [{ keepDescendants: true }, "keepDescendants can't be given to createProcessor()"],
      [{ grace: 5 }, "Unknown option 'grace' of createProcessor: did you mean 'graceMs'?"],
      [{ maxUses: 2 }, "maxUses can't be given to createProcessor(): each job has a child of its own"],
      [{ concurrencyy: 2 }, "Unknown option 'concurrencyy' of createProcessor: createProcessor has budget, learn, "],
      [{ memorry: 2 }, "Unknown option 'memorry' of createProcessor: did you mean 'memory'?"],
    ],
    ([options, message]) => {
      const error = thrown(() => createProcessor(ENDS, { memory: '64M', ...(options as object) }));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain(message);
      expect(error).toHaveProperty('option', expect.any(String));
      expect(error.message).toContain((error as Error & { option: string }).option);
    },
  );

  test('refuses a file that is not there', () => {
    expect(thrown(() => createProcessor('nowhere', { memory: '64M' })).message).toMatch(
      /a file that exists for file .*nowhere\.js/,
    );
    expect(thrown(() => createProcessor(new URL('https://example.com/'), { memory: '64M' })).message).toContain(
      'file: URL',
    );
  });
});
