import fc from 'fast-check';
import { LimitsAdmission, type Need } from '../../../../../lib/jobs/budget/admission/admission';
import { MOST_PASSES } from '../../../../../lib/jobs/budget/admission/job-queue';
import { RoomLedger, type RoomRequest, type RunningRecord } from '../../../../../lib/jobs/budget/admission/room-ledger';

const CAPACITY = { memoryBytes: 100, cpus: 4, pids: 50 };

class Book {
  nowMs = 0;
  readonly started: number[] = [];
  readonly records = new Map<number, RunningRecord>();
  readonly ledger: RoomLedger;
  #made = 0;

  constructor(concurrency = Number.POSITIVE_INFINITY, leftBytes = () => 0) {
    const admission = new LimitsAdmission(CAPACITY, leftBytes);
    this.ledger = new RoomLedger({ admission, concurrency, now: () => this.nowMs });
  }

  ask(need: Partial<Need>, more: Partial<RoomRequest> = {}): RoomRequest {
    this.#made += 1;
    const order = this.#made;
    const request: RoomRequest = {
      order,
      priority: 0,
      need: { memoryBytes: 1, cpus: 0, pids: 0, ...need },
      canStartAgain: true,
      byLimits: false,
      isMeasured: true,
      onRoom: (record) => {
        this.started.push(order);
        this.records.set(order, record);
      },
      ...more,
    };
    this.ledger.ask(request);
    return request;
  }

  end(order: number): void {
    const record = this.records.get(order);
    if (record === undefined) throw new Error(`${order} does not run`);
    this.records.delete(order);
    this.ledger.release(record);
    this.ledger.giveRoom();
  }
}

describe('RoomLedger', () => {
  it('gives room at once while there is some, and then as it is given back', () => {
    const book = new Book();
    for (const memoryBytes of [60, 40, 30]) book.ask({ memoryBytes });
    expect(book.started).toEqual([1, 2]);
    expect([book.ledger.queued, book.ledger.reservedBytes()]).toEqual([1, 100]);
    book.end(2);
    expect(book.started).toEqual([1, 2, 3]);
    expect(book.ledger.reservedBytes()).toBe(90);
  });

  it('counts processors and processes as it does memory', () => {
    const book = new Book();
    book.ask({ cpus: 0.1 });
    book.ask({ cpus: 3.9 });
    book.ask({ cpus: 0.5 });
    book.ask({ pids: 50 });
    book.ask({ pids: 1 });
    expect(book.started).toEqual([1, 2, 4]);
  });

  it('is not misled by fractions that add up to a little more', () => {
    const book = new Book();
    for (let count = 0; count < 41; count += 1) book.ask({ cpus: 0.1 });
    expect(book.started).toHaveLength(40);
  });

  it('has no more run at a time than it may', () => {
    const book = new Book(2);
    for (let count = 0; count < 5; count += 1) book.ask({});
    expect(book.started).toEqual([1, 2]);
    book.end(1);
    expect(book.started).toEqual([1, 2, 3]);
  });

  it('goes on when what the others waited for is withdrawn', () => {
    const book = new Book();
    book.ask({ memoryBytes: 10 });
    const large = book.ask({ memoryBytes: 100 });
    for (let count = 0; count <= MOST_PASSES; count += 1) book.ask({});
    expect(book.started).toHaveLength(1 + MOST_PASSES);
    expect(book.ledger.withdraw(large)).toBe(true);
    book.ledger.giveRoom();
    expect(book.started).toHaveLength(2 + MOST_PASSES);
    expect(book.ledger.withdraw(large)).toBe(false);
  });

  it('counts what ended jobs left behind, but starts one if nothing runs', () => {
    let left = 95;
    const book = new Book(undefined, () => left);
    book.ask({ memoryBytes: 10 });
    book.ask({ memoryBytes: 10 });
    expect(book.started).toEqual([1]);
    left = 0;
    book.ledger.giveRoom();
    expect(book.started).toEqual([1, 2]);
  });

  it('takes what cannot be measured as used in full', () => {
    const book = new Book();
    book.ask({ memoryBytes: 10 }, { isMeasured: false });
    book.ask({ memoryBytes: 10 });
    expect(book.ledger.running.map(({ usedBytes }) => usedBytes)).toEqual([10, 0]);
    book.ledger.running[1]?.measured(7);
    book.ledger.running[1]?.measured(3);
    expect(book.ledger.running[1]).toMatchObject({ usedBytes: 3, mostUsedBytes: 7 });
  });

  it('keeps the need with which a job started, whatever it would be now', () => {
    const book = new Book();
    let memoryBytes = 10;
    const need = {
      get memoryBytes() {
        return memoryBytes;
      },
      cpus: 0,
      pids: 0,
    };
    book.ledger.ask({
      ...book.ask({}),
      order: 99,
      get need() {
        return { ...need };
      },
    });
    memoryBytes = 50;
    expect(book.ledger.reservedBytes()).toBe(11);
  });

  it('lets whoever gets room give it back at once, or ask for more', () => {
    const book = new Book(1);
    book.ask(
      {},
      {
        onRoom: (record) => {
          book.ledger.release(record);
          book.ask({});
        },
      },
    );
    expect(book.started).toEqual([2]);
  });

  it('never gives more than there is, and gives room to all in the end', () => {
    const wanted = fc.record({
      memoryBytes: fc.integer({ min: 1, max: 100 }),
      cpus: fc.constantFrom(0, 0.1, 0.7, 4),
      pids: fc.constantFrom(0, 1, 25, 50),
      priority: fc.integer({ min: -2, max: 2 }),
      isLeaving: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(
        fc.array(wanted, { maxLength: 200 }),
        fc.infiniteStream(fc.nat()),
        fc.constantFrom(1, 3, Number.POSITIVE_INFINITY),
        (all, numbers, concurrency) => {
          const book = new Book(concurrency);
          let left = 0;
          const check = (): void => {
            const { running } = book.ledger;
            const sum = (of: (need: Need) => number): number =>
              running.reduce((total, { need }) => total + of(need), 0);
            expect(sum(({ memoryBytes }) => memoryBytes)).toBeLessThanOrEqual(CAPACITY.memoryBytes);
            expect(sum(({ cpus }) => cpus)).toBeLessThanOrEqual(CAPACITY.cpus + 1e-6);
            expect(sum(({ pids }) => pids)).toBeLessThanOrEqual(CAPACITY.pids);
            expect(running.length).toBeLessThanOrEqual(concurrency);
            // Something runs while something waits.
            expect(book.ledger.queued === 0 || running.length > 0).toBe(true);
          };
          for (const { priority, isLeaving, ...need } of all) {
            const request = book.ask(need, { priority });
            check();
            if (isLeaving === 0 && book.ledger.withdraw(request)) {
              left += 1;
              book.ledger.giveRoom();
              check();
            }
            if ((numbers.next().value as number) % 3 === 0) endOne();
          }
          function endOne(): void {
            const orders = [...book.records.keys()];
            const order = orders[(numbers.next().value as number) % orders.length];
            if (order !== undefined) book.end(order);
            check();
          }
          while (book.records.size > 0) endOne();
          expect(book.started.length + left).toBe(all.length);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('looks at none of those that wait as one more comes, or one leaves', () => {
    const book = new Book();
    let asked = 0;
    const counted = (memoryBytes: number): Partial<RoomRequest> => ({
      get need() {
        asked += 1;
        return { memoryBytes, cpus: 0, pids: 0 };
      },
    });
    const ask = (memoryBytes: number) => {
      const request = book.ask({});
      book.ledger.withdraw(request);
      const wanted = Object.defineProperties(
        { ...request, order: request.order },
        Object.getOwnPropertyDescriptors(counted(memoryBytes)),
      );
      book.ledger.ask(wanted);
      return wanted;
    };
    book.ask({ memoryBytes: 100 });
    const all = Array.from({ length: 100 }, (_, at) => ask(1 + (at % 7)));
    expect(asked).toBeLessThan(500);
    asked = 0;
    for (const each of all.slice(10).reverse()) {
      expect(book.ledger.withdraw(each)).toBe(true);
      book.ledger.giveRoomIfChanged();
    }
    expect([asked, book.ledger.queued]).toEqual([0, 10]);
    book.end(1);
    expect(book.ledger.queued).toBe(0);
  });

  it('looks again as one leaves that all others waited for', () => {
    const book = new Book();
    book.ask({ memoryBytes: 50 });
    const large = book.ask({ memoryBytes: 60 });
    for (let count = 0; count < 33; count += 1) book.ask({ memoryBytes: 50 });
    for (let count = 0; count < 31; count += 1) book.end(book.started.at(-1) ?? 0);
    expect(book.started).toHaveLength(33);
    book.end(book.started.at(-1) ?? 0);
    expect(book.started).toHaveLength(33);
    book.ledger.withdraw(large);
    book.ledger.giveRoomIfChanged();
    expect(book.started).toHaveLength(34);
  });

  it('has room for one that can not wait while it gives room to another', () => {
    const book = new Book();
    const cantWait = { ...book.ask({ memoryBytes: 1 }), order: 1000, need: { memoryBytes: 40, cpus: 0, pids: 0 } };
    book.end(1);
    let hadRoom: boolean[] = [];
    book.ask(
      { memoryBytes: 60 },
      { onRoom: () => (hadRoom = [1000, 1001].map((order) => book.ledger.askNow({ ...cantWait, order }))) },
    );
    expect(hadRoom).toEqual([true, false]);
    expect([book.ledger.queued, book.ledger.reservedBytes()]).toEqual([0, 100]);
  });

  it('is quick with 3,000 that wait', () => {
    const book = new Book();
    for (let count = 0; count < 3000; count += 1) book.ask({ memoryBytes: 20 + ((count * 7919) % 8000) / 100 });
    let asked = 0;
    const { admits } = LimitsAdmission.prototype;
    const spy = jest.spyOn(LimitsAdmission.prototype, 'admits').mockImplementation(function (
      this: LimitsAdmission,
      ...args
    ) {
      asked += 1;
      return admits.apply(this, args);
    });
    while (book.records.size > 0) book.end([...book.records.keys()][0] ?? 0);
    spy.mockRestore();
    expect(book.started).toHaveLength(3000);
    // Not each of those that wait, each time.
    expect(asked).toBeLessThan(3000 * 100);
  });
});
