import type { AskingJob, RunningJob } from '../../../../../lib/jobs/budget/admission/admission';
import { UseAdmission } from '../../../../../lib/jobs/budget/admission/use-admission';

const MIB = 2 ** 20;
const NONE = Number.POSITIVE_INFINITY;
const MEMORY_MIB = 1024;

type Changeable = { -readonly [K in keyof RunningJob]: RunningJob[K] };

const asks = (memoryMib: number, more: Partial<AskingJob & { cpus: number }> = {}): AskingJob => ({
  need: { memoryBytes: memoryMib * MIB, cpus: more.cpus ?? 0, pids: 0 },
  isMeasured: more.isMeasured ?? true,
  byLimits: more.byLimits ?? false,
});

const job = (limitMib: number, startedMs: number, more: Partial<RunningJob> = {}): Changeable => ({
  ...{ need: { memoryBytes: limitMib * MIB, cpus: 0, pids: 0 }, ranMs: (nowMs) => nowMs - startedMs },
  ...{ isMeasured: true, canStartAgain: true, isFrozen: false, byLimits: false, usedBytes: 0, mostUsedBytes: 0 },
  ...more,
});

/** Has jobs run for a second that use so much, one after the other. */
function learn(use: UseAdmission, mib: number, count: number): number {
  let nowMs = 0;
  for (let ran = 0; ran < count; ran += 1) {
    const one = job(512, nowMs);
    for (let ms = 100; ms <= 1000; ms += 100) {
      nowMs += 100;
      see(use, [one], nowMs, mib);
    }
    use.looked([], { usedBytes: 0 }, nowMs);
  }
  return nowMs;
}

function see(use: UseAdmission, running: Changeable[], nowMs: number, mib: number): void {
  for (const one of running) {
    one.usedBytes = mib * MIB;
    one.mostUsedBytes = Math.max(one.mostUsedBytes, one.usedBytes);
  }
  use.looked(running, { usedBytes: running.length * mib * MIB }, nowMs);
}

const create = (cpus = NONE): UseAdmission => new UseAdmission({ memoryBytes: MEMORY_MIB * MIB, cpus, pids: NONE });

describe('admission by use', () => {
  it('goes by limits while it knows nothing', () => {
    const use = create();
    const running = [job(512, 0)];
    use.looked(running, { usedBytes: 0 }, 0);
    expect(use.admits(asks(400), running, 1)).toBe(true);
    expect(use.admits(asks(512), running, 1)).toBe(false);
    expect(use.admits(asks(512), [], 1)).toBe(true);
  });

  it('admits more once jobs have shown what they use', () => {
    const use = create();
    const nowMs = learn(use, 50, 30);
    const running: RunningJob[] = [];
    use.looked(running, { usedBytes: 0 }, nowMs);
    while (running.length < 50 && use.admits(asks(512), running, nowMs)) running.push(job(512, nowMs));
    expect(running.length).toBeGreaterThan(6);
    expect(running.length).toBeLessThanOrEqual(MEMORY_MIB / 50);
  });

  it.each([
    [20, true],
    [500, false],
    [null, false],
  ])('learns the peak of a job that ended before anybody looked at it: %s MiB', (peakMib, admits) => {
    const use = create();
    for (let nowMs = 10; nowMs <= 300; nowMs += 10) {
      use.ended(job(512, nowMs - 5), peakMib && peakMib * MIB, nowMs);
      use.looked([], { usedBytes: 0 }, nowMs);
    }
    expect(use.admits(asks(1000), [job(1000, 300)], 300)).toBe(admits);
  });

  it('learns from a job what was seen of it, whatever its peak was', () => {
    const use = create();
    for (let nowMs = 10; nowMs <= 300; nowMs += 10) {
      const one = job(512, nowMs - 5);
      see(use, [one], nowMs - 2, 20);
      use.ended(one, 500 * MIB, nowMs);
      use.looked([], { usedBytes: 0 }, nowMs);
    }
    expect(use.admits(asks(1000), [job(1000, 300)], 300)).toBe(true);
  });

  it('expects more from a job that grows than from one that has come to rest', () => {
    const reserved = (uses: number[]): number => {
      const use = create();
      const one = job(512, 0);
      for (const [index, mib] of uses.entries()) see(use, [one], (index + 1) * 1000, mib);
      return use.reservedBytes([one]) / MIB;
    };
    const rested = reserved([100, 100, 100, 100, 100, 100]);
    expect(rested).toBeGreaterThanOrEqual(100);
    expect(rested).toBeLessThan(110);
    expect(reserved([17, 33, 50, 67, 83, 100])).toBeGreaterThan(140);
  });

  it('counts a room with all of it, whatever it uses, now and later', () => {
    const use = create();
    const nowMs = learn(use, 10, 30);
    const running = [job(600, nowMs, { isMeasured: false })];
    see(use, running, nowMs + 100, 5);
    expect(use.reservedBytes(running)).toBe(600 * MIB);
    expect(use.admits(asks(512), running, nowMs + 100)).toBe(true);
    expect(use.admits(asks(512, { isMeasured: false }), running, nowMs + 100)).toBe(false);
  });

  it('counts what is used in the cage by whatever is no job', () => {
    const use = create();
    const nowMs = learn(use, 10, 30);
    const running = [job(512, nowMs)];
    use.looked(running, { usedBytes: 1000 * MIB }, nowMs + 100);
    expect(use.admits(asks(512), running, nowMs + 100)).toBe(false);
  });

  it('admits nothing on figures that are old', () => {
    const use = create();
    const nowMs = learn(use, 10, 30);
    const running = [job(512, nowMs)];
    see(use, running, nowMs + 100, 10);
    expect(use.admits(asks(512), running, nowMs + 200)).toBe(true);
    expect(use.admits(asks(512), running, nowMs + 5000)).toBe(false);
    // Room that is taken in full can't have grown.
    const room = [job(100, nowMs, { isMeasured: false })];
    use.looked(room, { usedBytes: 0 }, nowMs + 5000);
    expect(use.admits(asks(512), room, nowMs + 60_000)).toBe(true);
  });

  it('leaves all but memory to other rules', () => {
    const use = create(1);
    const nowMs = learn(use, 10, 30);
    const running = [{ ...job(10, nowMs), need: { memoryBytes: MIB, cpus: 1, pids: 0 } }];
    see(use, running, nowMs + 100, 1);
    expect(use.admits(asks(10), running, nowMs + 100)).toBe(true);
    expect(use.admits(asks(10, { cpus: 0.5 }), running, nowMs + 100)).toBe(false);
  });

  it('freezes the youngest, then evicts the youngest that can start again, until enough is on its way out', () => {
    const use = create();
    const [oldest, middle, firm] = [job(360, 0), job(360, 10), job(360, 20, { canStartAgain: false })];
    const running = [oldest, middle, firm];
    learn(use, 50, 30);
    const used = (mib: number): number => {
      for (const one of running) one.usedBytes = (mib / 3) * MIB;
      use.looked(running, { usedBytes: mib * MIB }, 50_000);
      return mib * MIB;
    };
    expect(use.relief(running, used(900))).toBeUndefined();
    expect(use.relief(running, used(1015))).toEqual({ step: 'freeze', job: firm });
    firm.isFrozen = true;
    expect(use.relief(running, used(1015))).toEqual({ step: 'freeze', job: middle });
    middle.isFrozen = true;
    expect(use.relief(running, used(1015))).toEqual({ step: 'evict', job: middle });
    use.evicted(middle);
    // Once that is gone the other goes on.
    expect(use.relief(running, used(1015))).toBeUndefined();
    expect(use.relief(running, used(1800))).toEqual({ step: 'evict', job: oldest });
    use.evicted(oldest);
    firm.isFrozen = false;
    expect(use.relief(running, used(3500))).toEqual({ step: 'evict', job: firm });
    use.evicted(firm);
    expect(use.relief(running, used(3500))).toBeUndefined();
    expect(use.relief([oldest], 2000 * MIB)).toBeUndefined();
  });

  it('freezes while there still is room for what the others are expected to use', () => {
    const use = create();
    const [oldest, ...others] = [0, 1, 2, 3].map((ms) =>
      job(512, ms, { usedBytes: 10 * MIB, mostUsedBytes: 10 * MIB }),
    );
    const running = oldest === undefined ? [] : [oldest, ...others];
    use.looked(running, { usedBytes: 40 * MIB }, 4);
    for (const youngest of [...others].reverse()) {
      expect(use.relief(running, 40 * MIB)).toEqual({ step: 'freeze', job: youngest });
      youngest.isFrozen = true;
    }
    expect(use.relief(running, 40 * MIB)).toBeUndefined();
    expect(use.admits(asks(8), running, 5)).toBe(false);
    // The oldest has ended.
    use.looked(others, { usedBytes: 30 * MIB }, 6);
    expect(use.relief(others, 30 * MIB)).toEqual({ step: 'thaw', job: others[0] });
  });

  it('does not freeze one that is to be kept awake', () => {
    const use = create();
    const running = [job(512, 0), job(512, 10), job(512, 20)];
    use.looked(running, { usedBytes: 1015 * MIB }, 1000);
    use.keepAwake(running[2] ?? job(1, 1));
    expect(use.relief(running, 1015 * MIB)).toEqual({ step: 'freeze', job: running[1] });
  });

  it('goes by limits where these fit together: it admits, and evicts none', () => {
    const use = create();
    const nowMs = learn(use, 500, 30);
    const running = [job(500, nowMs, { usedBytes: 490 * MIB }), job(300, nowMs)];
    see(use, running, nowMs + 100, 490);
    expect(use.admits(asks(200), running, nowMs + 100)).toBe(true);
    expect(use.admits(asks(220), running, nowMs + 100)).toBe(false);
    running.push(job(200, nowMs + 100));
    expect(use.relief(running, 1020 * MIB)).toBeUndefined();
    // What is no job may need it all.
    use.looked(running, { usedBytes: 1500 * MIB }, nowMs + 200);
    expect(use.relief(running, 1500 * MIB)).toEqual({ step: 'freeze', job: running[2] });
  });

  it('goes by them with one that was evicted, before it starts and while it runs', () => {
    const use = create();
    const nowMs = learn(use, 10, 30);
    const running = [job(600, nowMs)];
    see(use, running, nowMs + 100, 10);
    expect(use.admits(asks(500), running, nowMs + 100)).toBe(true);
    expect(use.admits(asks(500, { byLimits: true }), running, nowMs + 100)).toBe(false);
    expect(use.admits(asks(400, { byLimits: true }), running, nowMs + 100)).toBe(true);
    running.push(job(400, nowMs + 100, { byLimits: true }));
    see(use, running, nowMs + 200, 10);
    expect(use.admits(asks(100), running, nowMs + 200)).toBe(false);
    expect(use.admits(asks(8), running, nowMs + 200)).toBe(true);
    expect(use.admits(asks(1024, { byLimits: true }), [], nowMs + 300)).toBe(true);
  });

  it('leaves more free the faster use grows', () => {
    const use = create();
    learn(use, 5, 30);
    const running = [job(512, 0), job(512, 1)];
    use.looked(running, { usedBytes: 500 * MIB }, 100_000);
    use.looked(running, { usedBytes: 960 * MIB }, 100_200);
    expect(use.relief(running, 960 * MIB)).toEqual({ step: 'freeze', job: running[1] });
    use.looked(running, { usedBytes: 960 * MIB }, 100_400);
    use.looked(running, { usedBytes: 960 * MIB }, 100_600);
    expect(use.relief(running, 960 * MIB)).toBeUndefined();
  });

  it('shares no more than the machine and the cgroups around the budget leave', () => {
    const use = create();
    const nowMs = learn(use, 50, 30);
    const running = [job(512, nowMs, { usedBytes: 50 * MIB, mostUsedBytes: 50 * MIB }), job(512, nowMs + 1)];
    const [usedBytes, atMs] = [100 * MIB, nowMs + 100];
    use.looked(running, { usedBytes, moreBytes: 900 * MIB }, atMs);
    expect(use.admits(asks(512), running, atMs)).toBe(true);
    expect(use.relief(running, usedBytes)).toBeUndefined();
    use.looked(running, { usedBytes, moreBytes: 90 * MIB }, atMs + 1);
    expect(use.shareBytes).toBe(190 * MIB);
    expect(use.admits(asks(512), running, atMs + 1)).toBe(false);
    expect(use.relief(running, usedBytes)).toBeUndefined();
    use.looked(running, { usedBytes, moreBytes: 5 * MIB }, atMs + 2);
    expect(use.relief(running, usedBytes)).toEqual({ step: 'freeze', job: running[1] });
    // Nothing may run beside it, but one always may.
    use.looked([], { usedBytes: 0, moreBytes: 0 }, atMs + 3);
    expect(use.admits(asks(512), [], atMs + 3)).toBe(true);
  });

  it('is more careful after an eviction, for a while', () => {
    const use = create();
    const admitted = (nowMs: number): number => {
      const running: RunningJob[] = [];
      use.looked(running, { usedBytes: 0 }, nowMs);
      while (use.admits(asks(512), running, nowMs)) running.push(job(512, nowMs));
      return running.length;
    };
    const nowMs = learn(use, 50, 100);
    const before = admitted(nowMs);
    for (let evictions = 0; evictions < 4; evictions += 1) use.evicted(job(512, nowMs));
    const after = admitted(nowMs);
    expect(after).toBeLessThan(before);
    learn(use, 50, 100);
    expect(admitted(nowMs + 1e6)).toBeGreaterThan(after);
  });
});
