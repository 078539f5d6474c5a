import { createLearner, type LearnOptions } from '../../../../../lib/jobs/budget/learning/learner';
import { testRows } from '../../../../support/rows';
import { thrown } from '../../../../support/thrown';

const MIB = 1024 ** 2;
const totalBytes = 1024 * MIB;

const refused: [unknown, string, string][] = [
  [null, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'an object'],
  [true, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'an object'],
  [{ path: 'x' }, 'ERR_MEMCAGE_UNKNOWN_OPTION', "'learn.path'"],
  [{ flor: 1 }, 'ERR_MEMCAGE_UNKNOWN_OPTION', "did you mean 'learn.floor'"],
  [{ floor: 'much' }, 'ERR_MEMCAGE_INVALID_SIZE', 'learn.floor'],
  [{ floor: 100 }, 'ERR_MEMCAGE_LIMIT_TOO_SMALL', 'learn.floor'],
  [{ floor: 'max' }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'learn.floor'],
  [{ floor: '2G' }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'at most the ceiling of 1 GiB'],
  [{ floor: '200M', ceiling: '100M' }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'at most the ceiling of 100 MiB'],
  [{ ceiling: '2G' }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'at most the 1 GiB that the whole budget has'],
  [{ ceiling: 'max' }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'learn.ceiling'],
  [{ ceiling: {} }, 'ERR_MEMCAGE_INVALID_SIZE', 'learn.ceiling'],
  [{ file: '' }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'learn.file'],
  [{ file: 'a\0b' }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'learn.file'],
  [{ file: 5 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'learn.file'],
];
testRows('refuses wrong options', refused, ([options, code, message]) => {
  const error = thrown(() => createLearner(options as LearnOptions, { totalBytes }));
  expect(error.code).toBe(code);
  expect(error.message).toContain(message);
});

it('has no limit for a key before its first job, and the ceiling for all others', () => {
  const learner = createLearner({ ceiling: '512M' }, { totalBytes });
  expect(learner.limitFor('k')).toBeUndefined();
  expect(learner.firstLimit()).toBe(512 * MIB);
});

it('has a limit after the first job, and tries no more than the ceiling', () => {
  const learner = createLearner({ floor: '1M' }, { totalBytes });
  learner.record('k', {
    limitBytes: totalBytes,
    wasKilled: false,
    wasCut: false,
    killedAtBytes: null,
    peakBytes: 100 * MIB,
    mostUsedBytes: null,
    durationMs: 100,
  });
  const limit = learner.limitFor('k') ?? Number.NaN;
  expect(limit).toBeGreaterThan(115 * MIB);
  expect(limit).toBeLessThan(200 * MIB);
  expect(learner.limitAfterKill(limit, 1)).toBe(Math.ceil((limit * 1.5) / 4096) * 4096);
  expect(learner.limitAfterKill(limit * 1.5, 2)).toBe(totalBytes);
  expect(learner.limitAfterKill(totalBytes, 3)).toBeUndefined();
});

it('has a floor of 16 MiB, or less in a smaller budget', async () => {
  for (const [total, floor] of [
    [totalBytes, 16 * MIB],
    [8 * MIB, 8 * MIB],
  ] as const) {
    const learner = createLearner({}, { totalBytes: total });
    learner.record('k', {
      limitBytes: total,
      wasKilled: false,
      wasCut: false,
      killedAtBytes: null,
      peakBytes: MIB,
      mostUsedBytes: null,
      durationMs: 100,
    });
    expect(learner.limitFor('k')).toBe(floor);
    await learner.close();
  }
});

it('has another limit as soon as a job has said more', () => {
  const learner = createLearner({}, { totalBytes });
  const ended = (peakMib: number): void =>
    learner.record('k', {
      limitBytes: totalBytes,
      wasKilled: false,
      wasCut: false,
      killedAtBytes: null,
      peakBytes: peakMib * MIB,
      mostUsedBytes: null,
      durationMs: 100,
    });
  ended(100);
  expect(learner.limitFor('k')).toBeLessThan(200 * MIB);
  ended(300);
  expect(learner.limitFor('k')).toBeGreaterThan(300 * MIB);
});
