import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evidencePage } from '../../../../lib/cage/evidence/page/page';
import { REPORTS } from '../../../support/evidence/reports';
import { fixtureResult } from '../../../support/fixture';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';

jest.setTimeout(patience(120_000));

interface Look {
  name: string;
  complaints: string[];
  requests: string[];
  views: { isCut: boolean; curves: number; ground: string }[];
}

describeIf('chromium', 'the page of evidence in a browser', () => {
  test('asks for nothing, and fits a phone', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'memcage-evidence-'));
    try {
      const names = Object.keys(REPORTS).sort();
      for (const [name, report] of Object.entries(REPORTS)) {
        writeFileSync(join(directory, `${name}.html`), evidencePage(report, 'one\ntwo\nthree'));
      }
      const looks = await fixtureResult<Look[]>({ name: 'cage/evidence/look.mjs', timeoutMs: 100_000 }, directory);
      const [light, dark] = ['rgb(255, 255, 255)', 'rgb(13, 17, 23)'].map((ground) => ({
        isCut: false,
        curves: 1,
        ground,
      }));
      expect(looks).toEqual(
        names.map((name) => ({
          name: `${name}.html`,
          complaints: [],
          requests: [encodeURI(`${name}.html`)],
          views: [light, dark, light, dark],
        })),
      );
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
