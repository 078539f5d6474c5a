import type { Relief } from '../../../../../lib/jobs/budget/admission/relief';
import { Reliever } from '../../../../../lib/jobs/budget/admission/reliever';
import { type RoomRequest, RunningRecord } from '../../../../../lib/jobs/budget/admission/room-ledger';
import type { UseAdmission } from '../../../../../lib/jobs/budget/admission/use-admission';

const asker: RoomRequest = {
  need: { memoryBytes: 100, cpus: 0, pids: 0 },
  ...{ priority: 0, order: 1, canStartAgain: false, byLimits: false, isMeasured: true },
  onRoom: () => {},
};

/** A job, and what is done with it: at each look the rule wants the steps that it is given. */
function oneJob({ canFreeze = true } = {}) {
  const job = new RunningRecord(asker, 0);
  const done: string[] = [];
  const wanted: Relief['step'][] = [];
  let hasSignal = false;
  const use = {
    relief: () => {
      const step = wanted.shift();
      return step && { step, job };
    },
    evicted: () => done.push('note eviction'),
    keepAwake: () => done.push('keep awake'),
  } as unknown as UseAdmission;
  const reliever = new Reliever(use, {
    setFrozen(_, isFrozen) {
      done.push(isFrozen ? 'freeze' : 'thaw');
      return canFreeze;
    },
    evict: () => done.push('evict'),
    hasSignal: () => hasSignal,
    doings: () => ({ usedBytes: 0, cpuMs: 0 }),
  });
  const look = (nowMs: number, ...steps: Relief['step'][]): string[] => {
    wanted.push(...steps);
    reliever.relieve([job], 0, nowMs);
    return done.splice(0);
  };
  return { job, look, signal: () => (hasSignal = true) };
}

test('freezes and thaws a job, and counts how long', () => {
  const { job, look } = oneJob();
  expect(look(100)).toEqual([]);
  expect(look(200, 'freeze')).toEqual(['freeze']);
  expect(job.isFrozen).toBe(true);
  expect([job.frozenMs(700), job.ranMs(700)]).toEqual([500, 200]);
  expect(look(1200, 'thaw')).toEqual(['thaw']);
  expect(job.isFrozen).toBe(false);
  expect([job.frozenMs(1500), job.ranMs(1500)]).toEqual([1000, 500]);
  look(1500, 'freeze');
  expect([job.frozenMs(1600), job.ranMs(1600)]).toEqual([1100, 500]);
});

test('evicts', () => {
  expect(oneJob().look(100, 'evict')).toEqual(['note eviction', 'evict']);
});

test('keeps awake a job that can not be frozen', () => {
  const { job, look } = oneJob({ canFreeze: false });
  expect(look(100, 'freeze')).toEqual(['freeze', 'keep awake']);
  expect(job.isFrozen).toBe(false);
});

test('thaws for good a job that was sent a signal', () => {
  const { look, signal } = oneJob();
  look(100, 'freeze');
  signal();
  expect(look(200)).toEqual(['keep awake', 'thaw']);
  expect(look(300)).toEqual([]);
});

test('thaws for good a job for which those may wait that run', () => {
  const { look } = oneJob();
  look(0, 'freeze');
  for (let ms = 250; ms <= 30_000; ms += 250) expect(look(ms)).toEqual([]);
  expect(look(30_250)).toEqual(['keep awake', 'thaw']);
});
