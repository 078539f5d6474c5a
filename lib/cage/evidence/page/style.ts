const MOST_INDENT = 10;
const MONO = 'ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace';

function colours({ muted, line, box }: { muted: string; line: string; box: string }): string {
  return [
    `.muted,th{color:${muted}}`,
    `.trough{fill:${box}}`,
    `.told{background:${box}}`,
    `td,th{border-color:${line}}`,
  ].join('');
}

const LIGHT = colours({ muted: '#59636e', line: '#d8dee4', box: '#eff2f5' });
const DARK = colours({ muted: '#9aa4af', line: '#30363d', box: '#1c2128' });

/** Of the page of evidence, after that of all pages. */
export const STYLE = [
  'main{max-width:1080px;margin:0 auto;padding:20px 24px 40px}',
  'h1{font-size:26px;line-height:1.25;margin:4px 0 14px;overflow-wrap:anywhere;text-wrap:balance}',
  'h2{font-size:16px;margin:30px 0 10px}',
  'p{margin:6px 0}',
  'ul{margin:6px 0;padding-left:20px}',
  `.told{font:13px/1.5 ${MONO};list-style:none;margin:0;padding:8px 14px;border-radius:6px;overflow-wrap:anywhere}`,
  '.told li{padding:2px 0}',
  'figure{max-width:none;margin:0}',
  'table{width:100%;max-width:none;margin:6px 0;table-layout:fixed}',
  'td,th{padding:6px 12px 6px 0;border-bottom:1px solid;width:auto;text-align:left;vertical-align:top}',
  'thead th{font-size:12px;padding-top:0;white-space:normal}',
  '.num{text-align:right;padding-right:0;white-space:nowrap;font-variant-numeric:tabular-nums;width:6.5em}',
  '.small{font-size:12px}',
  '.name{font-weight:600}',
  `.command,.path{font:12px/1.45 ${MONO};overflow-wrap:anywhere}`,
  '.long{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:2;line-clamp:2;overflow:hidden}',
  '.bar{width:100%;border-radius:3px}',
  '.swatch{display:inline-block;width:12px;height:12px;margin-right:8px;vertical-align:-1px}',
  '.kinds{max-width:620px}',
  '.kinds td{padding-top:4px;padding-bottom:4px}',
  '.kinds .num:last-child{width:4.5em}',
  '.sum td{font-weight:600;border-bottom:0}',
  '.share{width:30%;padding:9px 0 6px 12px}',
  'th.share{padding-top:0}',
  '.nested .share{width:26%}',
  '.total{width:8em}',
  '.list .num{width:7em;padding-right:18px}',
  '.whose{width:12em}',
  ...Array.from({ length: MOST_INDENT }, (_, index) => `td.depth${index + 1}{padding-left:${(index + 1) * 18}px}`),
  'footer{margin-top:32px;overflow-wrap:anywhere}',
  '@media (max-width:640px){main{padding:14px 14px 32px}h1{font-size:21px}.share,.total{display:none}.whose{width:7em}.list .num{padding-right:10px}',
  '.num{width:5.8em}.nested th,.nested td{padding-right:4px}',
  ...Array.from({ length: MOST_INDENT }, (_, index) => `td.depth${index + 1}{padding-left:${(index + 1) * 8}px}`),
  '}',
  LIGHT,
  `@media (prefers-color-scheme:dark){${DARK}}`,
  '@media print{main{padding:0;max-width:none}tr,figure{break-inside:avoid}.long{-webkit-line-clamp:none;line-clamp:none;display:block}}',
].join('');
