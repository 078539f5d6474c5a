import { openSync, writeFileSync } from 'node:fs';
import { checkChartName, isPage } from '../../chart/document';
import { FAILED, FAILED_TEXT, flag, type Options, type Values, valued } from '../../command';
import { defineCommand } from '../../define-command';
import { complain, print, toJson } from '../../text/output';
import { colorsOf } from '../../text/style';
import { checkLimits, UsageError } from '../../usage';
import { CAGED, cagedOf, SWAP } from '../run/caged';
import { exitOnSignals } from '../run/signals';
import { renderChart, renderChartPage } from './chart';
import { isStdinGiven } from './input';
import { jsonOf, renderResult } from './result';
import { sizeOf } from './size';
import type { SizeRequest } from './trial';

const LEAST_RUNS = 5;
const DEFAULT_RUNS = 20;
const MOST_RUNS = 100;
const DEFAULT_SLACK = 50;

// memcage has a limit of stalls of its own here.
const { stall: _, ...CAGED_HERE } = CAGED;

const OPTIONS = {
  runs: valued('N', `how many runs there may be, ${LEAST_RUNS} to ${MOST_RUNS} (default ${DEFAULT_RUNS})`),
  slack: valued(
    'PERCENT',
    `how much more processor time still is well; of other costs a fifth of it (default ${DEFAULT_SLACK})`,
  ),
  'exit-code': valued('N', 'the exit code with which COMMAND runs well (default 0)'),
  input: valued(
    'FILE',
    "the stdin of each run: a file, or '-' for that of memcage, which is read first (default: empty)",
    {
      suggest: 'file',
    },
  ),
  'show-output': flag("what COMMAND writes goes to memcage's stderr (default: nowhere)"),
  json: flag('print the result as JSON'),
  chart: valued('FILE', 'draw time over limit, to FILE.svg or FILE.html', { suggest: 'file' }),
  swap: SWAP,
  ...CAGED_HERE,
} as const satisfies Options;

export const size = defineCommand({
  name: 'size',
  synopsis: '[--] COMMAND [ARG]...',
  summary: 'find the smallest memory limit at which a command still runs well',
  details: [
    'Runs COMMAND some times in a cage, without a limit and then with smaller and smaller ones, and prints the smallest at ' +
      'which it still runs well: it ends as without a limit, at about the same costs, and nothing is killed. COMMAND must be ' +
      'one that does the same each time. Options end at the first word that is not an option.',
  ],
  operands: { name: 'command', least: 1, endOptions: true, suggest: 'command' },
  options: OPTIONS,
  exitCodes: [
    ['0', 'a limit was found'],
    ["COMMAND's own", 'it does not run well without a limit either; 128 + N, 126 and 127 as of memcage run'],
    FAILED_TEXT,
  ],
  examples: [
    ['memcage size -- node build.js', 'how much a build needs'],
    ['memcage size --chart size.svg --runs 20 -- make -B', 'with a picture, and with more runs'],
    ['memcage size --input words.txt -- sort', 'a program that reads its stdin'],
    ['memcage size --exit-code 1 -- grep -rq nowhere /usr/share', 'a program that ends with 1 when all is well'],
  ],
  run: (values, operands) => sizeAndPrint(requestOf(values, operands), values),
});

function requestOf(values: Values<typeof OPTIONS>, operands: readonly string[]): SizeRequest {
  const { swap, chart, input } = values;
  if (swap !== undefined) checkLimits({ max: '1G', swap }, { max: 'memory' });
  if (chart !== undefined) checkChartName(chart);
  return {
    ...cagedOf(values, operands),
    swap,
    exitCode: count(values, 'exit-code', 0, { least: 0, most: 255 }),
    slack: count(values, 'slack', DEFAULT_SLACK, { least: 0, most: 1000 }) / 100,
    mostRuns: count(values, 'runs', DEFAULT_RUNS, { least: LEAST_RUNS, most: MOST_RUNS }),
    input,
    showsOutput: values['show-output'] === true,
  };
}

function count(
  values: Values<typeof OPTIONS>,
  name: 'runs' | 'slack' | 'exit-code',
  otherwise: number,
  { least, most }: { least: number; most: number },
): number {
  const text = values[name];
  if (text === undefined) return otherwise;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${name} is an integer from ${least} to ${most}, not '${text}'`);
}

async function sizeAndPrint(request: SizeRequest, { chart, json }: Values<typeof OPTIONS>): Promise<number> {
  exitOnSignals();
  if (request.input === undefined && isStdinGiven()) {
    complain('the stdin of each run is empty; --input - gives each this one');
  }
  // Now, so that a mistyped path can't lose the result.
  const file = chart === undefined ? undefined : openSync(chart, 'w');
  const result = await sizeOf(request);
  if (typeof result === 'number') return result;
  // First, so that a full disk can't lose the result.
  print(json === true ? toJson(jsonOf(result)) : renderResult(result, colorsOf(process.stdout)));
  if (file !== undefined) writeFileSync(file, isPage(chart ?? '') ? renderChartPage(result) : renderChart(result));
  return result.recommended === undefined ? FAILED : 0;
}
