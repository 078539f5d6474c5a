import { describe as inWords, renderHtml, renderSvg } from '../../../../../lib/programs/cli/chart/memory-chart';
import { MIB, RUNS, recorded } from '../../../../support/docs/chart-data';
import { type Element, parseXml } from '../../../../support/docs/markup';
import { testRows } from '../../../../support/rows';

const EVIL = '</title><script>alert(1)</script>"\'&<!--\u202e\u0000\ud800\ufffe]]>';

const ofClass = (elements: readonly Element[], name: string): Element[] =>
  elements.filter(({ attributes }) => attributes['class']?.split(' ').includes(name) === true);
const texts = (elements: readonly Element[]): string[] =>
  elements.filter(({ name }) => name === 'text').map(({ text }) => text);

/** The corners of a path, as numbers. */
function corners({ attributes }: Element): [x: number, y: number][] {
  return (attributes['d'] ?? '')
    .split(/[MLZ]/)
    .filter((corner) => corner !== '')
    .map((corner) => corner.split(' ').map(Number) as [number, number]);
}

function only(elements: readonly Element[]): Element {
  expect(elements.length).toBe(1);
  return elements[0] as Element;
}

describe('a run of each kind', () => {
  const runs = Object.entries(RUNS).map(([name, data]) => ({ name, data, elements: parseXml(renderSvg(data)) }));
  const options = { name: ({ name }: (typeof runs)[number]) => name };

  testRows(
    'the same data are the same text',
    runs,
    ({ data }) => {
      expect(renderSvg(data)).toBe(renderSvg(data));
      expect(renderHtml(data, [])).toBe(renderHtml(data, []));
    },
    options,
  );

  testRows(
    'has nothing that runs, or is loaded from elsewhere',
    runs,
    ({ elements }) => {
      const names = new Set(elements.map(({ name }) => name));
      const known = ['svg', 'title', 'desc', 'style', 'rect', 'text', 'g', 'circle', 'path', 'line'];
      expect([...names].filter((name) => !known.includes(name))).toEqual([]);
      const values = elements.flatMap(({ attributes }) => Object.entries(attributes));
      expect(values.filter(([key]) => /^on|href|src/.test(key))).toEqual([]);
      expect(values.filter(([key, value]) => key !== 'xmlns' && /url|:\/\//.test(value))).toEqual([]);
      expect(only(elements.filter(({ name }) => name === 'style')).text).not.toMatch(/url|@import|:\/\//);
    },
    options,
  );

  testRows(
    'has no number that is none',
    runs,
    ({ data }) => {
      expect(renderSvg(data)).not.toMatch(/NaN|Infinity|undefined|null/);
      expect(renderHtml(data, [])).not.toMatch(/NaN|Infinity|="undefined|="null/);
    },
    options,
  );

  testRows(
    'has no gap, since no sample is missing',
    runs,
    ({ elements }) => expect(texts(elements).at(-1)).not.toContain('gap'),
    options,
  );

  testRows(
    'is all within the drawing',
    runs,
    ({ elements }) => {
      const svg = only(elements.filter(({ name }) => name === 'svg'));
      const [, , width = 0, height = 0] = (svg.attributes['viewBox'] ?? '').split(' ').map(Number);
      for (const path of [...ofClass(elements, 'usage'), ...ofClass(elements, 'anon')]) {
        if (path.name !== 'path') continue;
        for (const [x, y] of corners(path)) {
          expect(x).toBeGreaterThanOrEqual(0);
          expect(x).toBeLessThanOrEqual(width);
          expect(y).toBeGreaterThanOrEqual(0);
          expect(y).toBeLessThanOrEqual(height);
        }
      }
    },
    options,
  );
});

describe('what is seen', () => {
  const limited = recorded(1000, (ms) => ({ anonBytes: ms * 0.04 * MIB, fileBytes: 10 * MIB }), {
    limitBytes: 100 * MIB,
    peakBytes: 60 * MIB,
  });
  const elements = parseXml(renderSvg(limited));
  const yOf = (name: string) =>
    Number(only(ofClass(elements, name).filter(({ name: tag }) => tag === 'line')).attributes['y1']);

  test('the limit and the peak are lines at their heights, on the scale of the axis', () => {
    const axis = only(ofClass(elements, 'axis').filter(({ attributes: { y1, y2 } }) => y1 === y2));
    const zero = Number(axis.attributes['y1']);
    expect((zero - yOf('peak-line')) / (zero - yOf('limit-line'))).toBeCloseTo(0.6, 2);
    const usage = corners(only(ofClass(elements, 'usage')));
    const highest = Math.max(...limited.points.map(({ usageBytes }) => usageBytes));
    expect((zero - Math.min(...usage.map(([, y]) => y))) / (zero - yOf('limit-line'))).toBeCloseTo(
      highest / (100 * MIB),
      2,
    );
    expect(usage.length).toBe(limited.points.length);
  });

  test('the parts are on top of each other, and together no more than the use', () => {
    const data = recorded(100, () => ({ anonBytes: 3 * MIB, fileBytes: 2 * MIB, kernelBytes: MIB }));
    const [first] = data.points;
    // The kernel's counts of the parts may be ahead of its count of the whole.
    const points = [{ ...first, usageBytes: 4 * MIB }] as typeof data.points;
    const parsed = parseXml(renderSvg({ ...data, points, peakBytes: 4 * MIB }));
    const top = (name: string) =>
      corners(only(ofClass(parsed, name).filter(({ name: tag }) => tag === 'path')))[0]?.[1];
    const usage = corners(only(ofClass(parsed, 'usage')))[0]?.[1];
    expect(top('file')).toBe(usage);
    expect(top('kernel')).toBe(usage);
    expect(top('anon')).toBeGreaterThan(usage ?? 0);
  });

  test('the figures, the end, and the legend of what there is', () => {
    expect(texts(elements)).toEqual(
      expect.arrayContaining(['peak, 60 % of the limit', '60 MiB', 'limit', '100 MiB', 'end 1 s', 'Exit code 0.']),
    );
    expect(texts(elements)).toEqual(expect.arrayContaining(['anon: heaps, stacks', 'file: page cache, tmpfs']));
    expect(texts(elements)).not.toContain('kernel');
    expect(inWords(limited)).toBe('Memory of node server.js over 1 s: peak 60 MiB, limit 100 MiB. Exit code 0.');
  });

  test('an OOM kill is at its time, and the use is led to the limit there', () => {
    const parsed = parseXml(renderSvg(RUNS['killed at its limit'] as NonNullable<(typeof RUNS)[string]>));
    const limit = only(ofClass(parsed, 'limit-line').filter(({ name }) => name === 'line'));
    const { x1, x2, y1 } = limit.attributes;
    const kill = only(ofClass(parsed, 'kill-line'));
    expect((Number(kill.attributes['x1']) - Number(x1)) / (Number(x2) - Number(x1))).toBeCloseTo(111 / 118, 2);
    const [, unseen] = corners(only(ofClass(parsed, 'unseen')));
    expect(unseen).toEqual([Number(kill.attributes['x1']), Number(y1)]);
    expect(texts(parsed)).toContain('OOM kill');
  });

  test('where samples are missing is nothing, and the read-out says nothing', () => {
    const data = recorded(3000, (ms) => ({ anonBytes: ms * 0.01 * MIB }), { missing: { fromMs: 500, toMs: 2000 } });
    const parsed = parseXml(renderSvg(data));
    for (const name of ['usage', 'anon', 'other']) {
      const [path] = ofClass(parsed, name).filter(({ name: tag }) => tag === 'path');
      expect(path?.attributes['d']?.split('M').length).toBe(3);
    }
    const usage = corners(only(ofClass(parsed, 'usage')));
    expect(usage.length).toBe(data.points.length);
    expect(texts(parsed).at(-1)).toMatch(/; a gap where samples are missing$/);
    const { gaps } = JSON.parse(/id="samples">(.*?)</.exec(renderHtml(data, []))?.[1] ?? '');
    expect(gaps).toEqual([[492, 2002]]);
  });

  test.each([
    ['before the first sample', { fromMs: -1, toMs: 1000 }, [0, 1002]],
    ['after the last sample', { fromMs: 1000, toMs: 3000 }, [992, 3000]],
  ])('the read-out says nothing %s', (_, missing, gap) => {
    const data = recorded(3000, () => ({ anonBytes: MIB }), { missing });
    const { gaps } = JSON.parse(/id="samples">(.*?)</.exec(renderHtml(data, []))?.[1] ?? '');
    expect(gaps).toEqual([gap]);
    expect(texts(parseXml(renderSvg(data))).at(-1)).toMatch(/; a gap where samples are missing$/);
  });

  test('a gap of an hour is seen in hours, one of a moment is not', () => {
    const hour = 3_600_000;
    const gapAfter = (missing: { fromMs: number; toMs: number }) =>
      texts(parseXml(renderSvg(recorded(5 * hour, () => ({ anonBytes: MIB }), { missing }))))
        .at(-1)
        ?.split('; ')[1];
    expect(gapAfter({ fromMs: hour, toMs: 2 * hour })).toBe('a gap where samples are missing');
    expect(gapAfter({ fromMs: 1000, toMs: 1500 })).toBeUndefined();
  });

  test('a kill takes what it took at once, with no part of that before it', () => {
    // The kernel counts what a killed process had as gone before the whole is.
    const at = (ms: number) => ({ anonBytes: ms < 500 ? 80 * MIB : 0, kernelBytes: ms < 500 ? 0 : 40 * MIB });
    const data = recorded(1000, at, { limitBytes: 100 * MIB, kills: [{ atMs: 498, kills: 1 }] });
    const [path] = ofClass(parseXml(renderSvg(data)), 'kernel').filter(({ name: tag }) => tag === 'path');
    const kill = only(ofClass(parseXml(renderSvg(data)), 'kill-line'));
    const parts = (path?.attributes['d'] ?? '').split('Z').filter((part) => part !== '');
    expect(parts.length).toBe(2);
    const heights = (part: string) =>
      new Set(
        part
          .split(/[ML]/)
          .filter(Boolean)
          .map((corner) => corner.split(' ')[1]),
      );
    expect(heights(parts[0] ?? '').size).toBe(1);
    expect(Number((parts[1] ?? '').slice(1).split(' ')[0])).toBeGreaterThanOrEqual(Number(kill.attributes['x1']));
  });

  test('a sample alone is a dot', () => {
    const [first] = recorded(100, () => ({ anonBytes: MIB })).points;
    const data = { ...recorded(100, () => ({ anonBytes: MIB })), points: [first] as never };
    expect(corners(only(ofClass(parseXml(renderSvg(data)), 'usage'))).length).toBe(2);
  });

  test('where it was another limit, nothing is led anywhere', () => {
    const data = { ...(RUNS['killed at its limit'] as NonNullable<(typeof RUNS)[string]>), killedAtLimit: false };
    const parsed = parseXml(renderSvg(data));
    expect(ofClass(parsed, 'unseen')).toEqual([]);
    expect(ofClass(parsed, 'kill-line').length).toBe(1);
  });

  test('kills that are close to each other share a name, with their sum', () => {
    const kills = [500, 510, 900].map((atMs) => ({ atMs, kills: 2 }));
    const parsed = parseXml(renderSvg(recorded(1000, () => ({ anonBytes: MIB }), { kills })));
    expect(texts(parsed).filter((text) => text.includes('OOM'))).toEqual(['4 OOM kills', '2 OOM kills']);
    expect(ofClass(parsed, 'kill-line').length).toBe(3);
  });

  test('hits have a lane each, with their number', () => {
    const data = recorded(1000, (ms) => ({ anonBytes: MIB, max: ms > 500 ? 40 : 0 }), { limitBytes: 2 * MIB });
    const shown = texts(parseXml(renderSvg(data)));
    expect(shown).toContain('limit hits');
    expect(shown).toContain('2,000×');
    expect(shown).not.toContain('above high');
  });

  test('a limit far above what was used is named, but no line', () => {
    const parsed = parseXml(renderSvg(RUNS['far below its limit'] as NonNullable<(typeof RUNS)[string]>));
    expect(ofClass(parsed, 'limit-line')).toEqual([]);
    expect(texts(parsed)).toEqual(expect.arrayContaining(['limit ↑', '8 TiB', 'peak, under 1 % of the limit']));
  });
});

describe('text from outside', () => {
  const data = recorded(100, () => ({ anonBytes: MIB }), {
    command: ['sh', '-c', EVIL, '<b>&amp;</b>'],
    ending: EVIL,
  });

  test('stays text in the drawing', () => {
    const elements = parseXml(renderSvg(data));
    expect(elements.filter(({ name }) => ['script', 'b'].includes(name))).toEqual([]);
    const title = only(elements.filter(({ name }) => name === 'title'));
    expect(title.text).toContain('</title><script>alert(1)</script>"');
    expect(title.text).toContain('<b>&amp;</b>');
    expect(title.text).toContain('\\u202e');
    for (const character of ['\u0000', '\u202e', '\ufffe']) expect(title.text).not.toContain(character);
  });

  test('stays text in the page', () => {
    const page = renderHtml(data, [[EVIL, EVIL]]);
    expect(page.match(/<script/g)?.length).toBe(2);
    expect(page.match(/<\/script>/g)?.length).toBe(2);
    expect(page).not.toContain('<b>');
    expect(page).not.toContain('<!--');
    // Except for its first line, a page is also XML. Only the text of the script is not.
    expect(() => parseXml(page.replace(/^.*\n/, '').replace(/<script>[\s\S]*<\/script>/, ''))).not.toThrow();
  });
});
