import { CgroupDirectory } from '../../../../lib/cgroup/directory/directory';
import type { CgroupEventName, LimitEvent } from '../../../../lib/cgroup/events/cgroup-events';
import { OomSource } from '../../../../lib/cgroup/events/oom-source';
import type { NativeBinding } from '../../../../types/native';

/** A v1 cgroup: the count of its eventfd, and its memory.oom_control. */
class FakeCgroup {
  notifications = 0;
  oomControl = 'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n';
  readonly events: { name: CgroupEventName; event: LimitEvent }[] = [];
  readonly source: OomSource;

  constructor() {
    const native = {
      eventfdOpen: () => 100,
      eventfdRead: () => {
        const { notifications } = this;
        this.notifications = 0;
        return notifications;
      },
      openBeneath: () => 101,
      writeBeneath: () => {},
      readOpen: ({ buffer }: { buffer: Uint8Array }) => Buffer.from(buffer.buffer).write(this.oomControl),
      closeFd: () => {},
    } as Partial<NativeBinding> as NativeBinding;
    this.source = new OomSource({
      directory: CgroupDirectory.anchoredAt(native, 99, '/cgroup'),
      emit: (name, ...[event]) => this.events.push({ name, event: event as LimitEvent }),
    });
  }

  notify(count = 1): void {
    this.notifications += count;
    this.source.look(Date.now());
  }

  oom(): Pick<LimitEvent, 'count' | 'totalCount' | 'underOom'>[] {
    return this.events
      .filter(({ name }) => name === 'oom')
      .map(({ event: { count, totalCount, underOom } }) => ({ count, totalCount, underOom }));
  }
}

let cgroup: FakeCgroup;

beforeEach(() => {
  jest.useFakeTimers();
  cgroup = new FakeCgroup();
  cgroup.source.begin('oom');
});

afterEach(() => {
  cgroup.source.close();
  jest.useRealTimers();
});

describe("'oom' of v1", () => {
  it('is told at once, and what follows on its heels in one event, when it is quiet', () => {
    cgroup.notify();
    expect(cgroup.oom()).toEqual([{ count: 1, totalCount: 1, underOom: false }]);
    for (let i = 0; i < 200; i += 1) {
      jest.advanceTimersByTime(2);
      cgroup.notify(3);
    }
    expect(cgroup.oom()).toHaveLength(1);
    const lastMs = Date.now();
    jest.advanceTimersByTime(20);
    expect(cgroup.oom().slice(1)).toEqual([{ count: 600, totalCount: 601, underOom: false }]);
    expect(cgroup.events.at(-1)?.event.timeMs).toBe(lastMs);
  });

  it('is told at once again after a pause', () => {
    for (let i = 1; i <= 3; i += 1) {
      cgroup.notify();
      expect(cgroup.oom()).toHaveLength(i);
      jest.advanceTimersByTime(20);
    }
  });

  it('is told each second, if it does not get quiet', () => {
    for (let i = 0; i < 1000; i += 1) {
      cgroup.notify();
      jest.advanceTimersByTime(5);
    }
    jest.advanceTimersByTime(20);
    const counts = cgroup.oom().map(({ count }) => count);
    expect(counts.length).toBeGreaterThanOrEqual(5);
    expect(counts.length).toBeLessThanOrEqual(7);
    expect(counts.reduce((sum, count) => sum + count)).toBe(1000);
  });

  it('says at once that processes wait, and that they do so no more', () => {
    cgroup.notify();
    cgroup.notify();
    cgroup.oomControl = 'oom_kill_disable 1\nunder_oom 1\noom_kill 0\n';
    cgroup.notify();
    cgroup.oomControl = 'oom_kill_disable 1\nunder_oom 0\noom_kill 0\n';
    cgroup.notify();
    expect(cgroup.oom()).toEqual([
      { count: 1, totalCount: 1, underOom: false },
      { count: 2, totalCount: 3, underOom: true },
      { count: 1, totalCount: 4, underOom: false },
    ]);
  });

  it('is lost neither by the removal nor by a look that finds nothing', () => {
    cgroup.notify();
    cgroup.notify(4);
    cgroup.source.look(Date.now());
    cgroup.source.conclude(Date.now(), false);
    jest.advanceTimersByTime(2000);
    expect(cgroup.oom().map(({ count }) => count)).toEqual([1, 4]);
  });

  it('is not told to those who listen no more, nor counted for those who come later', () => {
    cgroup.notify();
    cgroup.notify(4);
    cgroup.source.end('oom');
    cgroup.source.begin('oom');
    jest.advanceTimersByTime(2000);
    expect(cgroup.oom()).toHaveLength(1);
    cgroup.notify(2);
    expect(cgroup.oom().slice(1)).toEqual([{ count: 2, totalCount: 2, underOom: false }]);
  });

  it("does not hold back 'oomKill'", () => {
    cgroup.source.begin('oomKill');
    for (const kills of [1, 2]) {
      cgroup.oomControl = `oom_kill_disable 0\nunder_oom 0\noom_kill ${kills}\n`;
      cgroup.notify(50);
    }
    expect(cgroup.events.map(({ name }) => name)).toEqual(['oom', 'oomKill', 'oomKill']);
  });
});
