import fc from 'fast-check';
import { JobQueue, MOST_PASSES, type Waiting } from '../../../../../lib/jobs/budget/admission/job-queue';

const job = (order: number, memoryBytes: number, priority = 0): Waiting => ({
  order,
  priority,
  ...{ isMeasured: true, byLimits: false },
  need: { memoryBytes, cpus: 0, pids: 0 },
});

/** Fits what needs at most that much. */
const upTo =
  (room: number) =>
  ({ need }: Waiting): boolean =>
    need.memoryBytes <= room;

function queueOf(...jobs: Waiting[]): JobQueue<Waiting> {
  const queue = new JobQueue<Waiting>();
  for (const each of jobs) queue.add(each);
  return queue;
}

function takeAll(queue: JobQueue<Waiting>, room = Number.POSITIVE_INFINITY): number[] {
  const orders = [];
  for (let next = queue.take(upTo(room)); next !== undefined; next = queue.take(upTo(room))) orders.push(next.order);
  return orders;
}

describe('JobQueue', () => {
  it('takes them by priority, and in the order of their arrival within one', () => {
    expect(takeAll(queueOf(job(1, 1), job(2, 1, 5), job(3, 1), job(4, 1, 5), job(5, 1, -1)))).toEqual([2, 4, 1, 3, 5]);
  });

  it('lets those pass that fit, and keeps the others in their order', () => {
    const queue = queueOf(job(1, 10), job(2, 3), job(3, 10), job(4, 2));
    expect(takeAll(queue, 5)).toEqual([2, 4]);
    expect([...queue].map(({ order }) => order)).toEqual([1, 3]);
    expect(takeAll(queue, 10)).toEqual([1, 3]);
  });

  it('knows the oldest, whatever its priority', () => {
    const queue = queueOf(job(1, 1), job(2, 1, 9));
    expect(queue.oldest?.order).toBe(1);
    queue.take(upTo(1));
    expect(queue.oldest?.order).toBe(1);
  });

  it('puts one that waits again in its old place', () => {
    const queue = queueOf(job(2, 1), job(3, 1), job(1, 1));
    expect(queue.oldest?.order).toBe(1);
    expect(takeAll(queue)).toEqual([1, 2, 3]);
  });

  it('deletes one that waits, once', () => {
    const second = job(2, 1);
    const queue = queueOf(job(1, 1), second, job(3, 1));
    expect([queue.delete(second), queue.delete(second), queue.size]).toEqual([true, false, 2]);
    expect(takeAll(queue)).toEqual([1, 3]);
  });

  it('has the first passed so often, then everything waits for it', () => {
    const queue = queueOf(job(1, 10), ...Array.from({ length: 2 * MOST_PASSES }, (_, index) => job(index + 2, 1)));
    expect(takeAll(queue, 5)).toHaveLength(MOST_PASSES);
    expect(queue.take(upTo(5))).toBeUndefined();
    expect(queue.take(upTo(10))?.order).toBe(1);
    expect(takeAll(queue, 5)).toHaveLength(MOST_PASSES);
  });

  it('has the oldest started after so many of a higher priority', () => {
    const queue = queueOf(job(1, 1, 0));
    for (let order = 2; order < 2 + 2 * MOST_PASSES; order += 1) queue.add(job(order, 1, order));
    expect(takeAll(queue).indexOf(1)).toBe(MOST_PASSES);
  });

  it('asks about few of many that do not fit', () => {
    const queue = queueOf(...Array.from({ length: 10_000 }, (_, index) => job(index, 10 + (index % 1000))));
    const fits = jest.fn(() => false);
    expect(queue.take(fits)).toBeUndefined();
    expect(fits).toHaveBeenCalledTimes(1);
  });

  it('starts each in bounded time, whatever comes meanwhile', () => {
    const arrival = fc.record({
      memoryBytes: fc.integer({ min: 1, max: 10 }),
      priority: fc.integer({ min: -3, max: 3 }),
    });
    fc.assert(
      fc.property(
        fc.array(arrival, { minLength: 1, maxLength: 300 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 10 })),
        (arrivals, rooms) => {
          const queue = new JobQueue<Waiting>();
          const started: Waiting[] = [];
          const elders = new Map<Waiting, number>();
          let made = 0;
          const arrive = (memoryBytes: number, priority: number): void => {
            const next = job(made, memoryBytes, priority);
            elders.set(next, started.length + queue.size);
            made += 1;
            queue.add(next);
          };
          for (const { memoryBytes, priority } of arrivals) arrive(memoryBytes, priority);
          // As many more come as start, of a higher priority and small. Each room is large enough in its turn.
          while (
            started.some(({ order }) => order < arrivals.length) ||
            started.length < arrivals.length * (MOST_PASSES + 2)
          ) {
            const room = started.length % 3 === 0 ? 10 : (rooms.next().value as number);
            const next = queue.take(upTo(room)) ?? queue.take(upTo(10));
            if (next === undefined) break;
            started.push(next);
            if (started.length < arrivals.length * (MOST_PASSES + 2)) arrive(1, 9);
            else break;
          }
          for (const [index, { order }] of started.entries()) {
            if (order >= arrivals.length) continue;
            // One that is older starts at the latest with each MOST_PASSES + 1; so does one that is first.
            expect(index).toBeLessThanOrEqual((order + 1) * (MOST_PASSES + 2));
          }
          expect(started.filter(({ order }) => order < arrivals.length)).toHaveLength(arrivals.length);
        },
      ),
      { numRuns: 50 },
    );
  });
});
