import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixtureResult } from '../../support/fixture';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

jest.setTimeout(patience(90_000));

interface Use {
  seen: object;
  types: string[];
  cages: (string | null)[];
  isGone: boolean;
  expected: string;
  oom: unknown;
}

describeIf(['cgroup', 'chromium'], 'puppeteer', () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'memcage-test-'));
  });
  afterEach(() => rmSync(home, { recursive: true, force: true }));

  test('works in a cage as outside; all processes of the browser are in it, and none is left', async () => {
    const { outside, inside, launched, left } = await fixtureResult<
      Record<'outside' | 'inside' | 'launched', Use> & { left: number[] }
    >({ name: 'libraries/chromium.mjs', timeoutMs: 80_000 }, 'chromium', home);
    const types = expect.arrayContaining(['browser', 'renderer', 'zygote']) as string[];
    expect(outside).toEqual({
      seen: { title: 'A title', sum: 5, hasPicture: true },
      types,
      cages: [null],
      isGone: true,
    });
    expect(inside).toEqual({ ...outside, types, cages: [inside.expected], expected: inside.expected });
    expect(launched).toEqual({
      ...outside,
      types,
      cages: [launched.expected],
      expected: launched.expected,
      oom: null,
    });
    expect(left).toEqual([]);
  });
});
