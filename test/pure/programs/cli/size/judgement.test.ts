import { baselineOf } from '../../../../../lib/programs/cli/commands/size/baseline';
import { answerOf, complaintOf, judgeTrial, wordsOf } from '../../../../../lib/programs/cli/commands/size/judgement';
import type { Trial } from '../../../../../lib/programs/cli/commands/size/trial';
import { MIB, WELL } from '../../../../support/budget/size-model';
import { testRows } from '../../../../support/rows';

const baseline = baselineOf(WELL, [WELL, { ...WELL, cpuMs: 810, durationMs: 1100 }], 0.5);

testRows(
  'a run at a limit is judged by the first thing that is wrong',
  [
    [{}, 'well', 'well', false],
    // The clock alone does not count.
    [{ durationMs: 3000 }, 'well', 'well', false],
    [{ cpuMs: 1212 }, 'well', 'well', false],
    [{ cpuMs: 1213 }, 'slow', 'takes too much processor time', true],
    [{ cpuMs: 1600 }, 'slow', 'takes too much processor time', false],
    [{ stallMs: 100 }, 'well', 'well', false],
    [{ stallMs: 200 }, 'waits', 'waits too long for memory', false],
    [{ refaults: 2500 }, 'well', 'well', false],
    [{ refaults: 2600, cpuMs: 1500 }, 'reads again', 'reads too much again', false],
    [{ majorFaults: 2600 }, 'reads again', 'reads too much again', false],
    [{ exitCode: 3, refaults: 1e6 }, 'failed', 'exit code 3', false],
    [{ exitCode: null, signal: 'SIGABRT' }, 'failed', 'ended by SIGABRT', false],
    // The machine may have done something else for a while, unless the limit cost something too.
    [{ exitCode: null, signal: 'SIGKILL', isCut: true }, 'cut', 'took too long, ended', true],
    [{ exitCode: null, signal: 'SIGKILL', isCut: true, refaults: 2600 }, 'cut', 'took too long, ended', false],
    [{ signal: 'SIGKILL', isThrashing: true, refaults: 2600 }, 'reads again', 'reads too much again', false],
    // What it killed was not counted.
    [{ signal: 'SIGKILL', isSpent: true, cpuMs: 0 }, 'slow', 'takes too much processor time', false],
    [{ exitCode: 134, isHeapExhausted: true }, 'heap', 'at the limit of its JavaScript heap', false],
    [{ isStalled: true, isCut: true }, 'stalled', 'got nowhere because of memory', false],
    [{ oomKills: 1, exitCode: 137 }, 'killed', 'killed for memory', false],
    [{ oomKills: 2, isStalled: true }, 'killed', '2 killed for memory', false],
    [{ error: new Error('ENOMEM'), oomKills: 1 }, 'not started', 'not started: ENOMEM', false],
  ] as const satisfies readonly (readonly [Partial<Trial>, string, string, boolean])[],
  ([change, judgement, words, isDoubtful]) => {
    const trial = { ...WELL, ...change };
    expect(judgeTrial(trial, baseline)).toBe(judgement);
    expect(wordsOf(judgeTrial(trial, baseline), trial)).toBe(words);
    expect(answerOf(judgeTrial(trial, baseline), trial, baseline)).toEqual({
      isGood: judgement === 'well',
      isDoubtful,
    });
  },
);

test('the first run warms the machine, and its time counts only if there is no other', () => {
  const cold: Trial = { ...WELL, durationMs: 9000, cpuMs: 2000, peakBytes: 300 * MIB };
  expect(baselineOf(cold, [WELL, WELL], 0.5)).toMatchObject({ durationMs: 1000, cutMs: 4000, peakBytes: 300 * MIB });
  expect(baselineOf(cold, [WELL, WELL], 0.5).allowed.cpuMs).toBe(1200);
  expect(baselineOf(cold, [], 0.5)).toMatchObject({ durationMs: 9000, cutMs: 28_000 });
});

testRows(
  'a command that does not run well without a limit is told so',
  [
    [{}, 0, undefined],
    [{ exitCode: 1 }, 1, undefined],
    [{ exitCode: 1 }, 0, 'it ended with exit code 1'],
    [{ exitCode: null, signal: 'SIGSEGV' }, 0, 'SIGSEGV ended it'],
    [{ oomKills: 1 }, 0, 'something was killed for memory, though it had no limit of its own'],
  ] as const satisfies readonly (readonly [Partial<Trial>, number, string | undefined])[],
  ([change, exitCode, complaint]) => expect(complaintOf({ ...WELL, ...change }, exitCode)).toBe(complaint),
);
