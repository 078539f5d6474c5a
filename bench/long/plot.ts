/**
 * Draws the samples of a long soak, for docs/internals/reliability.md:
 *
 *   npm run soak:plot -- samples.tsv docs/images/soak.svg
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { readSeries, type Sample } from './series';

const MIB = 1024 * 1024;
const WIDTH = 960;
const PANEL = { left: 70, right: 940, height: 90, gap: 44, top: 66 };

interface Line {
  colour: 'blue' | 'green' | 'orange' | 'purple';
  label: string;
  of(sample: Sample): number;
}

interface Panel {
  title: string;
  lines: readonly Line[];
}

const PANELS: readonly Panel[] = [
  {
    title: 'JavaScript heap after a collection, MiB',
    lines: [{ colour: 'blue', label: 'heap', of: ({ heapBytes }) => heapBytes / MIB }],
  },
  {
    title: 'Resident memory, MiB',
    lines: [{ colour: 'blue', label: 'RSS', of: ({ residentBytes }) => residentBytes / MIB }],
  },
  {
    title: 'fds, threads, cgroups, processes',
    lines: [
      { colour: 'blue', label: 'fds', of: ({ fds }) => fds },
      { colour: 'orange', label: 'threads', of: ({ threads }) => threads },
      { colour: 'green', label: 'cgroups', of: ({ cgroups }) => cgroups },
      { colour: 'purple', label: 'processes', of: ({ processes }) => processes },
    ],
  },
  {
    title: 'Turns of the event loop, processor time in ms',
    lines: [
      { colour: 'orange', label: 'longest', of: ({ usedMaxMs }) => usedMaxMs },
      { colour: 'blue', label: 'p99.9', of: ({ usedP999Ms }) => usedP999Ms },
    ],
  },
];

const COLOURS = (ground: string, ink: string, muted: string, grid: string, lines: readonly string[]): string =>
  `.ground{fill:${ground}}text{fill:${ink}}.muted{fill:${muted}}.grid{stroke:${grid}}` +
  (['blue', 'green', 'orange', 'purple'] as const)
    .map((name, at) => `.${name}{stroke:${lines[at]}}text.${name}{fill:${lines[at]};stroke:none}`)
    .join('');
const STYLE =
  'text{font:13px system-ui,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}.title{font-weight:600}.right{text-anchor:end}' +
  '.middle{text-anchor:middle}polyline{fill:none;stroke-width:1.5}' +
  COLOURS('#ffffff', '#1f2328', '#59636e', '#e4e7eb', ['#0072b2', '#009e73', '#c2410c', '#a23b82']) +
  `@media(prefers-color-scheme:dark){${COLOURS('#0d1117', '#e6edf3', '#9aa4af', '#21262d', ['#58a6ff', '#2bb58a', '#ff8552', '#e58cc8'])}}`;

function draw(samples: readonly Sample[]): string {
  const last = samples.at(-1);
  if (last === undefined) throw new Error('there are no samples');
  const starts = last.starts.toLocaleString('en');
  const text = `${starts} starts of all kinds in ${Math.round(last.seconds / 60)} minutes, with faults and kills`;
  const height = PANEL.top + PANELS.length * (PANEL.height + PANEL.gap);
  const body = PANELS.map((panel, at) =>
    drawPanel(panel, samples, PANEL.top + at * (PANEL.height + PANEL.gap), last.starts),
  );
  return (
    `<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" ` +
    `width="${WIDTH}" height="${height}" role="img" style="max-width:100%;height:auto"><title>${text}</title>` +
    `<style>${STYLE}</style><rect class="ground" width="${WIDTH}" height="${height}"/>` +
    `${label(text, 16, 28, 'title')}${body.join('')}</svg>\n`
  );
}

function drawPanel({ title, lines }: Panel, samples: readonly Sample[], top: number, end: number): string {
  const most = roundUp(Math.max(...lines.flatMap(({ of }) => samples.map(of))));
  const bottom = top + PANEL.height;
  const x = (count: number): number => PANEL.left + (count / end) * (PANEL.right - PANEL.left);
  const y = (value: number): number => bottom - (value / most) * PANEL.height;
  const grid = [0, most / 2, most].map(
    (value) =>
      `<line class="grid" x1="${PANEL.left}" x2="${PANEL.right}" y1="${y(value)}" y2="${y(value)}"/>` +
      label(String(value), PANEL.left - 8, y(value) + 4, 'muted right'),
  );
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((part) =>
    label(
      Math.round(part * end).toLocaleString('en'),
      x(part * end),
      bottom + 17,
      `muted ${part === 1 ? 'right' : 'middle'}`,
    ),
  );
  const curves = lines.map(({ colour, of }) => {
    const points = samples.map((sample) => `${x(sample.starts).toFixed(1)},${y(of(sample)).toFixed(1)}`);
    return `<polyline class="${colour}" points="${points.join(' ')}"/>`;
  });
  const names = lines.map((line, at) =>
    label(line.label, PANEL.right - (lines.length - 1 - at) * 75, top - 7, `${line.colour} right`),
  );
  return [label(title, PANEL.left, top - 7, 'muted'), ...grid, ...ticks, ...curves, ...names].join('');
}

function label(text: string, x: number, y: number, classes: string): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" class="${classes}">${text}</text>`;
}

/** To 1, 2 or 5 with zeros. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)));
  return ([1, 2, 4, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}

function main(): void {
  const [, , from, to] = process.argv;
  if (from === undefined || to === undefined) throw new Error('soak:plot takes the samples and the picture to make');
  writeFileSync(to, draw(readSeries(readFileSync(from, 'utf8'))));
}

main();
