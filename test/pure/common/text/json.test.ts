import { computeUsage } from '../../../../lib/cgroup/handle/readings';
import { inspectable } from '../../../../lib/common/text/inspected';
import { forJson, keptInJson } from '../../../../lib/common/text/json';
import { parseSize } from '../../../../lib/common/text/size';

const reread = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test('what is unlimited is read back by parseSize()', () => {
  const usage = computeUsage(2, { usage: 5, limit: Number.POSITIVE_INFINITY, stat: {} });
  const { limitBytes, percent } = reread(usage) as Record<string, unknown>;
  expect([limitBytes, percent]).toEqual(['max', null]);
  expect(parseSize(limitBytes as string)).toBe(usage.limitBytes);
});

test('so it is wherever in a larger value, and deeper in the result', () => {
  const result = keptInJson({ memory: { limitBytes: Number.POSITIVE_INFINITY }, list: [Number.POSITIVE_INFINITY, 1] });
  expect(reread({ all: [result] })).toEqual({ all: [{ memory: { limitBytes: 'max' }, list: ['max', 1] }] });
});

test('the data is the same without it', () => {
  const data = { limitBytes: Number.POSITIVE_INFINITY };
  const result = keptInJson({ ...data });
  expect(result).toStrictEqual(data);
  expect(Object.keys(result)).toEqual(['limitBytes']);
  expect({ ...result }).not.toHaveProperty('toJSON');
  expect(structuredClone(result)).toEqual(data);
});

test('an error has its name, message and fields, but not the outcome that it is of', () => {
  const error = Object.assign(new RangeError('late'), { code: 'ERR_LATE', outcome: {} });
  const outcome = inspectable({ exitCode: null, error });
  error.outcome = outcome;
  const told = { exitCode: null, error: { name: 'RangeError', message: 'late', code: 'ERR_LATE' } };
  expect(reread(outcome)).toEqual(told);
  // As the command line writes it.
  expect(JSON.parse(JSON.stringify({ ...outcome }, forJson))).toEqual(told);
});
