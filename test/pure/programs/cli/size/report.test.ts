import { baselineOf } from '../../../../../lib/programs/cli/commands/size/baseline';
import { renderChart, renderChartPage } from '../../../../../lib/programs/cli/commands/size/chart';
import { placeOf } from '../../../../../lib/programs/cli/commands/size/grid';
import { type JudgedTrial, jsonOf, renderResult, resultOf } from '../../../../../lib/programs/cli/commands/size/result';
import { colorsOf } from '../../../../../lib/programs/cli/text/style';
import { MIB, WELL } from '../../../../support/budget/size-model';
import { parseXml } from '../../../../support/docs/markup';

const EVIL = '</title><script>alert(1)</script>"\'&<!--\u0000]]>';
const trials: JudgedTrial[] = [
  { ...WELL, judgement: 'well' },
  { ...WELL, limitBytes: 80 * MIB, peakBytes: 80 * MIB, oomKills: 1, durationMs: 400, judgement: 'killed' },
  { ...WELL, limitBytes: 100 * MIB, refaults: 1234, judgement: 'well' },
  { ...WELL, limitBytes: 90 * MIB, refaults: 99_999, durationMs: 2500, judgement: 'reads again' },
];
const baseline = baselineOf(WELL, [WELL], 0.5);
const found = { good: placeOf(100 * MIB), bad: placeOf(96 * MIB), isCertain: true };
const result = resultOf(['sort', EVIL], baseline, trials, found);
const nothing = resultOf(['sort'], baseline, trials, { good: undefined, bad: 9, isCertain: false });
/** A kernel that does not record the peak: a short run was gone before the first sample. */
const unseen: JudgedTrial = { ...WELL, peakBytes: null, judgement: 'well' };
const blind = resultOf(
  ['sort'],
  baselineOf({ ...WELL, peakBytes: null }, [], 0.5),
  [unseen, ...trials.slice(1)],
  found,
);
const partlySeen = resultOf(['sort'], baseline, [...trials, unseen, { ...unseen, peakBytes: 0 }], found);
const zero = { ...blind, baseline: { ...baseline, peakBytes: 0 }, trials: [{ ...unseen, peakBytes: 0 }] };
const plain = { ...colorsOf({}), bold: (text: string) => text, dim: (text: string) => text };

test('the recommendation is the smallest good limit and at least a tenth more, of a size that one can write', () => {
  expect(result).toMatchObject({
    recommended: { bytes: 115 * MIB, size: '115M' },
    smallest: { bytes: 100 * MIB, size: '100M' },
    tooSmall: { bytes: 96 * MIB, size: '96M' },
  });
});

test('the table has all runs by their limits, and what follows', () => {
  const lines = renderResult(result, plain).split('\n');
  expect(lines.slice(1, 5).map((line) => line.trim().split(/\s{2,}/))).toEqual([
    ['none', '1 s', '800 ms', '100 MiB', '0', 'well'],
    ['100M', '1 s', '800 ms', '100 MiB', '1,234', 'well'],
    ['90M', '2.5 s', '800 ms', '100 MiB', '99,999', 'reads too much again'],
    ['80M', '400 ms', '800 ms', '80 MiB', '0', 'killed for memory'],
  ]);
  expect(lines).toContain('smallest limit:   100M, but not at 96M');
  expect(lines).toContain('recommended:      -m 115M (10 % more, rounded up)');
  expect(renderResult({ ...result, isCertain: false }, plain)).toContain('but not at 96M: to within 4 % (--for');
  expect(renderResult(nothing, plain)).toContain('It ran well at none of these limits.');
});

test('the JSON has no number that JSON can not write, and names what is missing', () => {
  const json = JSON.parse(
    JSON.stringify(jsonOf(nothing), (_, value: unknown) => (value === Number.POSITIVE_INFINITY ? 'max' : value)),
  );
  expect(json).toMatchObject({ recommended: null, smallest: null, isCertain: false, free: { durationMs: 1000 } });
  expect(json.runs.map(({ limitBytes }: { limitBytes: unknown }) => limitBytes)).toEqual([
    'max',
    80 * MIB,
    100 * MIB,
    90 * MIB,
  ]);
});

test.each([
  ['found', result],
  ['nothing found', nothing],
])('the chart is well-formed, within its frame, and loads and runs nothing: %s', (_, shown) => {
  const elements = parseXml(renderChart(shown));
  const names = new Set(elements.map(({ name }) => name));
  expect([...names].sort()).toEqual(['circle', 'desc', 'g', 'line', 'path', 'rect', 'style', 'svg', 'text', 'title']);
  expect(renderChart(shown)).not.toMatch(/NaN|Infinity|undefined|null/);
  for (const { attributes } of elements) {
    for (const key of ['x', 'x1', 'x2', 'cx']) expect(Number(attributes[key] ?? 0)).toBeLessThanOrEqual(960);
    for (const key of ['y', 'y1', 'y2', 'cy']) expect(Number(attributes[key] ?? 0)).toBeLessThanOrEqual(490);
  }
  const ofClass = (name: string) => elements.filter(({ attributes }) => attributes['class']?.split(' ').includes(name));
  // Each once more in the legend.
  expect(ofClass('anon').length).toBe(2);
  expect(elements.filter(({ name }) => name === 'path').length).toBe(3);
  expect(renderChartPage(shown)).not.toContain('<script');
});

test.each([
  ['no peak is known', blind, 0],
  ['some peaks are not', partlySeen, 1],
  ['all peaks are 0', zero, 0],
  ['nothing is known', { ...nothing, baseline: blind.baseline, trials: [unseen] }, 0],
  ['a size is no number', { ...blind, recommended: { bytes: Number.POSITIVE_INFINITY, size: '?' } }, 0],
])('the chart ends, and draws a run without a limit only at a known peak: %s', (_, shown, drawn) => {
  const elements = parseXml(renderChart(shown));
  const free = elements.filter(({ name, attributes }) => name === 'circle' && attributes['class'] === 'anon');
  // Once more in the legend.
  expect(free.length).toBe(1 + drawn);
  expect(elements.length).toBeLessThan(100);
});

test('a peak that is not known is not called 0', () => {
  const [, first] = renderResult(blind, plain).split('\n');
  expect(first?.trim().split(/\s{2,}/)).toEqual(['none', '1 s', '800 ms', '0', 'well']);
  expect(renderResult(blind, plain)).toContain('1 s, peak unknown,');
  expect(renderChart(blind)).toContain('without a limit 1 s, peak unknown');
  expect(jsonOf(blind)).toMatchObject({ free: { peakBytes: null }, runs: [{ peakBytes: null }, {}, {}, {}] });
});

test('the chart says what its marks mean', () => {
  const texts = parseXml(renderChart(result)).map(({ text }) => text);
  for (const meaning of [
    'a run that was well',
    'a run that was not (hover: why)',
    'a run without a limit, at its peak',
  ]) {
    expect(texts).toContain(meaning);
  }
});

test('the chart marks what was found', () => {
  const elements = parseXml(renderChart(result));
  const texts = elements.filter(({ name }) => name === 'text').map(({ text }) => text);
  expect(texts).toEqual(expect.arrayContaining(['smallest 100M', 'recommended 115M', '80M']));
  // The same limits are at the same places, larger ones further to the right.
  const x = (name: string) =>
    Number(
      elements.find(({ name: tag, attributes }) => tag === 'line' && attributes['class'] === name)?.attributes['x1'],
    );
  const [, ...dots] = elements.filter(
    ({ attributes }) => attributes['class'] === 'good' && attributes['cx'] !== undefined,
  );
  expect(x('limit-line')).toBe(Number(dots[0]?.attributes['cx']));
  expect(x('peak-line')).toBeGreaterThan(x('limit-line'));
});
