/** Okabe and Ito's colours where they fit. Neighbours differ in brightness, so you can tell them apart without hues. */
const LIGHT = {
  ground: '#ffffff',
  ink: '#1f2328',
  muted: '#59636e',
  grid: '#e4e7eb',
  axis: '#8c959f',
  anon: '#0072b2',
  file: '#7cc4ee',
  kernel: '#009e73',
  shared: '#e69f00',
  other: '#c3cad1',
  swap: '#a23b82',
  limit: '#c2410c',
  high: '#946200',
  good: '#1a7f37',
};

const DARK: typeof LIGHT = {
  ground: '#0d1117',
  ink: '#e6edf3',
  muted: '#9aa4af',
  grid: '#21262d',
  axis: '#6e7681',
  anon: '#2f81d6',
  file: '#a5d8f7',
  kernel: '#2bb58a',
  shared: '#f0b429',
  other: '#4b535d',
  swap: '#e58cc8',
  limit: '#ff8552',
  high: '#e3b341',
  good: '#3fb950',
};

const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif';
const MONO = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';

function colours(palette: typeof LIGHT): string {
  const { ground, ink, muted, grid, axis, anon, file, kernel, shared, other, swap, limit, high, good } = palette;
  return [
    `.ground{fill:${ground}}`,
    `text,.peak{fill:${ink}}`,
    `.muted{fill:${muted}}`,
    `.grid{stroke:${grid}}`,
    `.axis{stroke:${axis}}`,
    `.usage{stroke:${ink}}`,
    `.anon{fill:${anon}}`,
    `.file{fill:${file}}`,
    `.kernel{fill:${kernel}}`,
    `.shared{fill:${shared}}`,
    `.other{fill:${other}}`,
    `.swap{fill:${swap}}`,
    `.swap-line{stroke:${swap}}`,
    `.peak-line,.cursor{stroke:${ink}}`,
    `.limit-line,.kill-line{stroke:${limit}}`,
    `.high-line{stroke:${high}}`,
    `.limit,.bad{fill:${limit}}`,
    `.high{fill:${high}}`,
    `.good{fill:${good}}`,
    `.cross,.halo{stroke:${ground}}`,
    `.dot{fill:${ink};stroke:${ground}}`,
  ].join('');
}

const SHAPES = [
  `text{font:12px ${SANS}}`,
  `.command{font:600 17px ${MONO}}`,
  '.ending{font-size:15px;font-weight:600}',
  '.value{font-size:20px;font-weight:600;font-variant-numeric:tabular-nums}',
  '.tick{font-variant-numeric:tabular-nums}',
  '.small{font-size:11px}',
  '.strong{font-weight:600}',
  '.right{text-anchor:end}',
  '.middle{text-anchor:middle}',
  '.grid,.axis{stroke-width:1}',
  '.usage{fill:none;stroke-width:1.5;stroke-linejoin:round;stroke-linecap:round}',
  '.swap-line{fill:none;stroke-width:2;stroke-dasharray:6 3}',
  '.halo{fill:none;stroke-width:4}',
  '.limit-line{stroke-width:2}',
  '.high-line{stroke-width:1.5;stroke-dasharray:8 4}',
  '.peak-line{stroke-width:1.5;stroke-dasharray:1.5 3.5;stroke-linecap:round}',
  '.kill-line{stroke-width:1.5}',
  '.unseen{fill:none;stroke-width:1.5;stroke-dasharray:3 3}',
  '.leader{fill:none;stroke-width:1;stroke-dasharray:none}',
  '.dense{stroke-width:0.75}',
  '.cross{stroke-width:2;stroke-linecap:round}',
  '.cursor{stroke-width:1;visibility:hidden}',
  '.dot{stroke-width:2;visibility:hidden}',
].join('');

/** The style of the drawing, light and dark, whatever page it is in. */
export const CHART_STYLE = `${SHAPES}${colours(LIGHT)}@media (prefers-color-scheme:dark){${colours(DARK)}}`;

function page({ ground, ink, muted, grid }: typeof LIGHT): string {
  return [
    `body{background:${ground};color:${ink}}`,
    `th{color:${muted}}`,
    `td,th{border-color:${grid}}`,
    `#tip{background:${ink};color:${ground}}`,
  ].join('');
}

/** The style of the page around the drawing. */
export const PAGE_STYLE = [
  ':root{color-scheme:light dark}',
  `body{margin:0;font:14px/1.4 ${SANS}}`,
  'figure{margin:0 auto;max-width:1200px;position:relative;outline-offset:-2px}',
  'svg{display:block;width:100%;height:auto}',
  'svg.narrow{display:none}',
  '@media (max-width:640px){svg.wide{display:none}svg.narrow{display:block}}',
  // A table is as wide as the drawing without its margins.
  'table{border-collapse:collapse;margin:8px auto 32px;width:94%;max-width:1130px}',
  'td,th{padding:6px 24px 6px 0;border-bottom:1px solid;text-align:left;vertical-align:top;overflow-wrap:anywhere}',
  'th{font-weight:400;white-space:nowrap;width:1%}',
  '#tip{position:absolute;top:0;left:0;padding:6px 10px;border-radius:6px;pointer-events:none;font-size:13px}',
  '#tip{white-space:pre;tab-size:56px;font-variant-numeric:tabular-nums}',
  '#tip[hidden]{display:none}',
  page(LIGHT),
  `@media (prefers-color-scheme:dark){${page(DARK)}}`,
].join('');
