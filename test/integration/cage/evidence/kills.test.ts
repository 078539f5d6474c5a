import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledFills } from '../../../support/evidence/fills';
import { type Operated, operate } from '../../../support/proving/operate';
import type { Place } from '../../../support/proving/place';
import { describeInPlace, LONGEST_MS } from '../../../support/proving/try-each';
import { random, sample, seedOf } from '../../../support/random';

const asked = process.env['MEMCAGE_TEST_KILLS'];
const USUALLY = 8;
const program = join(__dirname, '../../../fixtures/cage/evidence/overseen.js');

describeInPlace('a kill at a system call of the thread that takes evidence', asked, (inPlace) => {
  let reports: string;
  beforeAll(() => {
    reports = mkdtempSync(join(tmpdir(), 'memcage-test-evidence-'));
  });
  afterAll(() => rmSync(reports, { recursive: true }));

  const fills = compiledFills();
  const filled = (place: Place, rules: readonly string[]): Promise<Operated> => {
    // It is full 300 ms after it is half full.
    const filling = JSON.stringify([reports, ...fills({ firstMb: 14, stepKb: 170 }).flat()]);
    return operate(filling, place, { program, rules, timeoutMs: 30_000 });
  };

  test(
    'leaves nothing, and nobody frozen',
    async () => {
      const sound = await filled(inPlace(), []);
      expect([sound.said, sound.remains]).toEqual([{ signal: 'SIGKILL', hasEvidence: true }, []]);
      const points = sound.points.filter(({ role }) => role === 'parent');
      expect(points.filter(({ subject }) => /freezer\.state|cgroup\.freeze/.test(subject)).length).toBeGreaterThan(3);
      const count = asked === 'all' ? points.length : Number(asked ?? USUALLY);
      const seed = seedOf();
      const wrong: string[] = [];
      let hits = 0;
      // How often it looks depends on time: the last calls of a run do not come in each.
      for (const { call, nth, subject } of sample(points, Math.min(points.length, 3 * count), random(seed))) {
        if (hits >= count) break;
        const { remains, left, hits: hit } = await filled(inPlace(), [`kill parent parent ${call} ${nth}`]);
        hits += hit.length;
        wrong.push(...[...remains, ...left].map((what) => `${call} ${nth} (${subject}): ${what}`));
      }
      expect({ seed, wrong }).toEqual({ seed, wrong: [] });
      expect(hits).toBeGreaterThan(count / 2);
    },
    LONGEST_MS,
  );
});
