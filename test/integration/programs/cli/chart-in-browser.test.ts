import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderHtml, renderSvg } from '../../../../lib/programs/cli/chart/memory-chart';
import { RUNS } from '../../../support/docs/chart-data';
import { fixtureResult } from '../../../support/fixture';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';

jest.setTimeout(patience(120_000));

interface Box {
  text: string;
  left: number;
  top: number;
  right: number;
  bottom: number;
}

interface Look {
  name: string;
  complaints: string[];
  requests: string[];
  views: {
    width: number;
    scheme: 'light' | 'dark';
    drawing: Box;
    texts: Box[];
    ground: string;
    scrollWidth: number;
    clientWidth: number;
    tip: Box | null;
  }[];
}

/** For these, also look at the drawing alone, which is the same as the page's. */
const DRAWN = ['killed at its limit', 'long'];

/** Text boxes have some space around the letters. */
const SLACK = 1.5;

const overlap = (a: Box, b: Box): boolean =>
  Math.min(a.right, b.right) - Math.max(a.left, b.left) > SLACK &&
  Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > SLACK + 1;

describeIf('chromium', 'a chart in a browser', () => {
  let directory: string;
  let looks: Look[];

  // In a hook: the body runs even if the test is skipped, and what it makes would stay.
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'memcage-chart-'));
    const rows = [
      ['peak', '100 MiB (100.0 % of the limit)'],
      ['a long one', 'word'.repeat(200)],
    ] as const;
    for (const [name, data] of Object.entries(RUNS)) {
      writeFileSync(join(directory, `${name}.html`), renderHtml(data, rows));
      if (DRAWN.includes(name)) writeFileSync(join(directory, `${name}.svg`), renderSvg(data));
    }
    looks = await fixtureResult<Look[]>({ name: 'chart/look.mjs', timeoutMs: 100_000 }, directory);
  });

  afterAll(() => rmSync(directory, { recursive: true }));

  const names = [...Object.keys(RUNS).map((name) => `${name}.html`), ...DRAWN.map((name) => `${name}.svg`)];

  testRows(
    'nothing is outside of it, on top of another, or asked for from elsewhere',
    names,
    (name) => {
      const look = looks.find((each) => each.name === name);
      expect(look?.views.length).toBe(3);
      expect(look?.complaints).toEqual([]);
      expect(look?.requests.filter((url) => url !== 'data:')).toEqual([encodeURI(name)]);
      const isPage = name.endsWith('.html');
      for (const { drawing, texts, scrollWidth, clientWidth, ground, scheme, tip } of look?.views ?? []) {
        expect(texts.length).toBeGreaterThan(8);
        const outside = texts.filter(
          (box) =>
            box.left < drawing.left ||
            box.top < drawing.top ||
            box.right > drawing.right + 0.5 ||
            box.bottom > drawing.bottom + 0.5,
        );
        expect(outside).toEqual([]);
        const pairs = texts.flatMap((a, index) => texts.slice(index + 1).map((b) => [a, b] as const));
        expect(pairs.filter(([a, b]) => overlap(a, b)).map(([a, b]) => `${a.text} | ${b.text}`)).toEqual([]);
        expect(scrollWidth).toBe(clientWidth);
        expect(ground).toBe(scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(13, 17, 23)');
        if (!isPage || name === 'without a sample.html') {
          expect(tip).toBeNull();
          continue;
        }
        expect(tip?.text).toMatch(/^[\d:.]+( m?s)?\nuse\t[\d.]+ [KMG]iB\nanon\t/);
        expect(tip?.left).toBeGreaterThanOrEqual(0);
        expect(tip?.right).toBeLessThanOrEqual(clientWidth);
      }
    },
    { limitMs: 120_000 },
  );
});
