import type * as CageRoots from '../../../../lib/cage/root/cage-roots';
import { ErrorCode, MemcageError } from '../../../../lib/common/errors/errors';
import { KernelFirst } from '../../../../lib/start/request/enforcement';
import type { Enforce } from '../../../../types/options';

let answer: MemcageError | null;
let looks: number;

jest.mock('../../../../lib/cage/root/cage-roots', () => ({
  ...jest.requireActual<typeof CageRoots>('../../../../lib/cage/root/cage-roots'),
  whyNoCage: () => {
    looks += 1;
    return answer;
  },
}));

const refusal = (code: ErrorCode): MemcageError => new MemcageError(code, 'refused');
const asked = { limits: { memory: { max: 2 ** 20 } }, thresholds: [], outlivesOwner: false };
const start = (accepted: Enforce = 'polled', more: Partial<Parameters<KernelFirst['make']>[1]> = {}): string =>
  new KernelFirst({ outer: undefined, parent: undefined, accepted }).make<string>(
    () => 'kernel',
    { ...asked, ...more },
    ({ enforcedBy }) => enforcedBy.kind,
  );

let now = 1_000_000;
beforeEach(() => {
  looks = 0;
  // What an earlier test has left is forgotten.
  now += 10_000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
});
afterEach(() => {
  delete process.env['MEMCAGE_PARENT'];
  jest.restoreAllMocks();
});

test('that there is no place is asked once a second, by all starts', () => {
  answer = refusal(ErrorCode.NO_PARENT);
  expect([start(), start(), start()]).toEqual(['polled', 'polled', 'polled']);
  expect(looks).toBe(1);
  answer = null;
  now += 1001;
  expect(start()).toBe('kernel');
});

test('what takes no question is looked at each time', () => {
  answer = refusal(ErrorCode.NO_PERMISSION);
  expect([start(), start()]).toEqual(['polled', 'polled']);
  answer = null;
  expect([start(), start()]).toEqual(['kernel', 'kernel']);
  expect(looks).toBe(4);
});

test('a parent that the environment names counts at once', () => {
  answer = refusal(ErrorCode.NO_PARENT);
  start();
  process.env['MEMCAGE_PARENT'] = '/a';
  answer = null;
  expect(start()).toBe('kernel');
});

test('thresholds of the use are refused where the kernel holds nothing, unless the caller accepts that', () => {
  answer = refusal(ErrorCode.NO_PERMISSION);
  const make = (accepted: Enforce) => start(accepted, { thresholds: [{ given: '80%', at: { percent: 80 } }] });
  expect(() => make('polled')).toThrow(/a polled cage can't have thresholds, since .* leave out thresholds/);
  expect(make('none')).toBe('none');
});
