import { Beat } from '../../../../../lib/programs/cli/commands/top/live';

describe('the moments of samples', () => {
  let nowMs = 0;
  beforeEach(() => {
    nowMs = 1000;
    jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
  });
  afterEach(() => jest.restoreAllMocks());

  test('do not drift', () => {
    const beat = new Beat(100);
    nowMs += 30;
    expect(beat.untilNextMs()).toBe(70);
    nowMs += 71.5;
    expect(beat.untilNextMs()).toBe(99);
  });

  test('that were missed are left out', () => {
    const beat = new Beat(100);
    nowMs += 350;
    expect(beat.untilNextMs()).toBe(50);
    // A timer may be a bit early.
    nowMs += 49.5;
    expect(beat.untilNextMs()).toBe(101);
  });
});
