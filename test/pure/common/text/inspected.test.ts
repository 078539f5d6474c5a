import { inspect } from 'node:util';
import { inspectable } from '../../../../lib/common/text/inspected';

test('an outcome whose error has the outcome is shown once', () => {
  const error: Error & { outcome?: object } = new Error('gone');
  delete error.stack;
  error.outcome = inspectable({ peakBytes: 1024, error });
  expect(inspect(error.outcome)).toBe(
    '{\n  peakBytes: 1024 (1 KiB),\n  error: [Error: gone] { outcome: [Circular] }\n}',
  );
  expect(inspect(error)).toContain('peakBytes: 1024 (1 KiB)');
});
