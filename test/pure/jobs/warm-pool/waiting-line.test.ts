import { AbortError } from '../../../../lib/common/errors/errors';
import { WaitingLine } from '../../../../lib/jobs/warm-pool/waiting-line';

const any = (): boolean => true;
const ignore = (): void => {};

test('gives in the order of the calls, to the first whom it suits', async () => {
  const line = new WaitingLine<number>();
  const even = line.wait((given) => given % 2 === 0, undefined, ignore);
  const first = line.wait(any, undefined, ignore);
  const second = line.wait(any, undefined, ignore);
  expect([1, 2, 3, 4].map((offered) => line.give(offered, ignore))).toEqual([true, true, true, false]);
  expect(await Promise.all([even, first, second])).toEqual([2, 1, 3]);
  expect(line.length).toBe(0);
});

test('prepares what is given before anybody has it, and only that', () => {
  const line = new WaitingLine<number>();
  const prepared: number[] = [];
  void line.wait(any, undefined, ignore);
  for (const offered of [1, 2]) line.give(offered, () => prepared.push(offered));
  expect(prepared).toEqual([1]);
});

test('says whether the first can use something', async () => {
  const line = new WaitingLine<number>();
  expect(line.isUselessToFirst(1)).toBe(false);
  const even = line.wait((given) => given % 2 === 0, undefined, ignore);
  void line.wait(any, undefined, ignore);
  expect([1, 2].map((offered) => line.isUselessToFirst(offered))).toEqual([true, false]);
  line.give(2, ignore);
  expect(line.isUselessToFirst(1)).toBe(false);
  expect(await even).toBe(2);
});

test('who can not be aborted as asked does not wait', async () => {
  const line = new WaitingLine<number>();
  await expect(line.wait(any, { aborted: false } as AbortSignal, ignore)).rejects.toThrow(TypeError);
  expect(line.length).toBe(0);
});

test('who aborts leaves the line', async () => {
  const line = new WaitingLine<number>();
  const controller = new AbortController();
  const left = jest.fn();
  const aborted = line.wait(any, controller.signal, left);
  const stays = line.wait(any, undefined, ignore);
  controller.abort('why');
  await expect(aborted).rejects.toEqual(new AbortError('why'));
  expect(left).toHaveBeenCalledTimes(1);
  expect(line.give(1, ignore)).toBe(true);
  expect(await stays).toBe(1);
});

test('an abort after the end of the wait changes nothing', async () => {
  const line = new WaitingLine<number>();
  const controller = new AbortController();
  const left = jest.fn();
  const given = line.wait(any, controller.signal, left);
  const refused = line.wait(any, controller.signal, left);
  line.give(1, ignore);
  expect(line.refuseFirst(new Error('no'))).toBe(true);
  controller.abort();
  expect(await given).toBe(1);
  await expect(refused).rejects.toThrow('no');
  expect(left).not.toHaveBeenCalled();
  expect(line.refuseFirst(new Error('nobody'))).toBe(false);
});
