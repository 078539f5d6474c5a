import { retry } from '../../../../lib/cgroup/processes/remove-cgroup';

const ATTEMPT_MS = 4;
const MANY = 40;

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('many that begin in one turn of the event loop let it have others', async () => {
  let nowMs = 0;
  jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  const order: number[] = [];
  const attempt = (index: number) => () => {
    nowMs += ATTEMPT_MS;
    order.push(index);
    return true;
  };
  const ends = Array.from({ length: MANY }, (_, index) => retry(attempt(index), 1));
  const made = [order.length];
  while (order.length < MANY) {
    await turn();
    made.push(order.length);
  }
  // The first ones at once.
  expect(made[0]).toBe(3);
  for (const [index, count] of made.entries()) expect(count - (made[index - 1] ?? 0)).toBeLessThanOrEqual(4);
  expect(order).toEqual(Array.from({ length: MANY }, (_, index) => index));
  expect(await Promise.all(ends)).toEqual(Array.from({ length: MANY }, () => true));
});
