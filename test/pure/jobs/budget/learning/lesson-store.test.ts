import { waitMs } from '../../../../../lib/common/event-loop/timers';
import { parseText, toText } from '../../../../../lib/jobs/budget/learning/file-format';
import { Histories, type KeyedLesson } from '../../../../../lib/jobs/budget/learning/histories';
import type { LearnFile } from '../../../../../lib/jobs/budget/learning/learn-file';
import { LessonStore } from '../../../../../lib/jobs/budget/learning/lesson-store';

import { until } from '../../../../support/until';

const MIB = 1024 ** 2;
const clock = () => 0;

const lesson = (key: string, mib = 100): KeyedLesson => ({ key, bytes: mib * MIB, wasKilled: false, timeMs: 0 });
/** How many jobs each key has had, which are few enough to be told apart. */
const jobsOf = (histories: Histories | undefined) =>
  Object.fromEntries([...(histories?.entries() ?? [])].map(([key, { jobs }]) => [key, Math.round(jobs * 10) / 10]));

/** A file with a lock, in memory. */
class FakeFile implements Pick<LearnFile, 'readSync' | 'update'> {
  text: string | undefined;
  saves = 0;
  failure: Error | undefined;
  /** Called after the content was made, before it is there. */
  onWrite: () => void = () => undefined;
  #last: Promise<unknown> = Promise.resolve();

  readSync(): Histories | undefined {
    return this.text === undefined ? undefined : parseText(this.text, 0);
  }

  update(_nowMs: number, change: (found: Histories | undefined) => Histories): Promise<Histories> {
    const mine = this.#last.then(async () => {
      await waitMs(1);
      const changed = change(this.readSync());
      const text = toText(changed);
      this.onWrite();
      if (this.failure !== undefined) throw this.failure;
      await waitMs(1);
      this.text = text;
      this.saves += 1;
      return changed;
    });
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

describe('a store with a file', () => {
  it('knows what the file has, and adds to it at its close', async () => {
    const file = new FakeFile();
    const first = new LessonStore(file, clock);
    first.add(lesson('a'));
    await first.close();
    const second = new LessonStore(file, clock);
    expect(jobsOf(second.histories)).toEqual({ a: 1 });
    second.add(lesson('a'));
    second.add(lesson('b'));
    await second.close();
    expect(jobsOf(file.readSync())).toEqual({ a: 2, b: 1 });
  });

  it('keeps what others learned meanwhile, and counts nothing twice', async () => {
    const file = new FakeFile();
    const stores = [0, 1, 2].map(() => new LessonStore(file, clock));
    for (const [index, store] of stores.entries()) {
      store.add(lesson('all'));
      store.add(lesson(`own ${index}`));
    }
    await Promise.all(stores.map((store) => store.close()));
    expect(jobsOf(file.readSync())).toEqual({ all: 3, 'own 0': 1, 'own 1': 1, 'own 2': 1 });
  });

  it('does not write if it has learned nothing', async () => {
    const file = new FakeFile();
    await new LessonStore(file, clock).close();
    expect([file.text, file.saves]).toEqual([undefined, 0]);
  });

  it('keeps what it knows when someone removes the file', async () => {
    const file = new FakeFile();
    const store = new LessonStore(file, clock);
    store.add(lesson('a'));
    await store.close();
    file.text = undefined;
    store.add(lesson('b'));
    await store.close();
    expect(jobsOf(file.readSync())).toEqual({ a: 1, b: 1 });
  });

  it('rejects its close if that can not be saved, and has it saved once it can', async () => {
    const file = new FakeFile();
    const store = new LessonStore(file, clock);
    store.add(lesson('a'));
    file.failure = new Error('disk full');
    await expect(store.close()).rejects.toThrow('disk full');
    file.failure = undefined;
    await store.close();
    expect(jobsOf(file.readSync())).toEqual({ a: 1 });
  });

  it('saves now and then, again after a failure, and for nothing new', async () => {
    const file = new FakeFile();
    const store = new LessonStore(file, clock, 1);
    file.failure = new Error('disk full');
    store.add(lesson('a'));
    const failed = new Promise<void>((resolve) => {
      file.onWrite = resolve;
    });
    await failed;
    file.failure = undefined;
    await until('a first save', () => file.saves === 1);
    store.add(lesson('b'));
    store.add(lesson('b'));
    await until('a second save', () => file.saves === 2);
    expect(jobsOf(file.readSync())).toEqual({ a: 1, b: 2 });
    await store.close();
    expect(file.saves).toBe(2);
  });

  it('saves nothing more once it is closed, also what came while it saved', async () => {
    const file = new FakeFile();
    const store = new LessonStore(file, clock, 1);
    const closed = new Promise<void>((resolve) => {
      file.onWrite = () => {
        file.onWrite = () => undefined;
        store.add(lesson('b'));
        resolve(store.close());
      };
    });
    store.add(lesson('a'));
    await closed;
    expect(jobsOf(file.readSync())).toEqual({ a: 1, b: 1 });
    // Someone removes the file: no timer is left that makes it again.
    file.text = undefined;
    await waitMs(20);
    expect([file.text, file.saves]).toEqual([undefined, 2]);
  });

  it('saves what comes while it saves', async () => {
    const file = new FakeFile();
    file.text = toText(new Histories());
    const store = new LessonStore(file, clock);
    store.add(lesson('a'));
    file.onWrite = () => {
      file.onWrite = () => undefined;
      store.add(lesson('b'));
    };
    await store.close();
    expect(jobsOf(store.histories)).toEqual({ a: 1, b: 1 });
    await store.close();
    expect(jobsOf(file.readSync())).toEqual({ a: 1, b: 1 });
  });
});

it('forgets without a file', async () => {
  const store = new LessonStore(undefined, clock);
  store.add(lesson('a'));
  await store.close();
  expect(jobsOf(store.histories)).toEqual({ a: 1 });
});
