import { openSync, writeFileSync } from 'node:fs';
import { isPage } from '../../../../common/drawing/document';
import { FAILED, FAILED_TEXT, flag, type Options, type Values, valued } from '../../command';
import { defineCommand } from '../../define-command';
import type { Flags } from '../../flags';
import { CHART_FILE, FILE, integer, time } from '../../kinds';
import { complain, print, toJson } from '../../text/output';
import { colorsOf } from '../../text/style';
import { CAGED, cagedOf } from '../run/caged';
import { MEMORY_LIMITS } from '../run/memory';
import { exitOnSignals } from '../run/signals';
import { renderChart, renderChartPage } from './chart';
import { isStdinGiven } from './input';
import { jsonOf, renderResult } from './result';
import { sizeOf } from './size';
import type { SizeRequest } from './trial';

const DEFAULT_MS = 60_000;
const DEFAULT_SLACK = 50;

const OPTIONS = {
  for: valued(time('1s'), 'how long to look for a closer limit', { otherwise: '1m' }),
  slack: valued(
    { ...integer(0, 1000), value: 'PERCENT' },
    'how much more processor time still is well; of other costs a fifth of it',
    { otherwise: String(DEFAULT_SLACK) },
  ),
  'exit-code': valued(integer(0, 255), 'the exit code with which COMMAND runs well', { otherwise: '0' }),
  input: valued(FILE, "the stdin of each run: a file, or '-' for that of memcage, which is read first", {
    otherwise: 'empty',
  }),
  'show-output': flag("what COMMAND writes goes to memcage's stderr", { otherwise: 'nowhere' }),
  json: flag('print the result as JSON'),
  chart: valued(CHART_FILE, 'draw time over limit, to FILE.svg or FILE.html'),
  swap: MEMORY_LIMITS.swap,
  ...CAGED,
} as const satisfies Options;

const FINDS_MEMORY = 'size finds that limit itself; memcage run holds one';

export const size = defineCommand({
  name: 'size',
  synopsis: '[--] COMMAND [ARG]...',
  summary: 'find the smallest memory limit at which a command still runs well',
  details: [
    'Runs COMMAND some times in a cage, without a limit and then with smaller and smaller ones, and prints the smallest at ' +
      'which it still runs well: it ends as without a limit, at about the same costs, and nothing is killed. Takes at most a ' +
      'minute, or four to six runs of COMMAND where that is longer. COMMAND must be one that does the same each time. Options ' +
      'end at the first word that is not an option.',
  ],
  operands: { name: 'command', least: 1, endOptions: true, suggest: 'command' },
  options: OPTIONS,
  elsewhere: { '-m': FINDS_MEMORY, '--memory': FINDS_MEMORY },
  exitCodes: [
    ['0', 'a limit was found'],
    ["COMMAND's own", 'it does not run well without a limit either; 128 + N, 126 and 127 as of memcage run'],
    FAILED_TEXT,
  ],
  examples: [
    ['memcage size -- node build.js', 'how much a build needs'],
    ['memcage size --chart size.svg --for 10m -- make -B', 'with a picture, and as close as it gets'],
    ['memcage size --input words.txt -- sort', 'a program that reads its stdin'],
    ['memcage size --exit-code 1 -- grep -rq nowhere /usr/share', 'a program that ends with 1 when all is well'],
  ],
  run: (values, operands, flags) => sizeAndPrint(requestOf(values, operands, flags), values),
});

function requestOf(values: Values<typeof OPTIONS>, operands: readonly string[], flags: Flags): SizeRequest {
  const { for: timeMs = DEFAULT_MS, slack = DEFAULT_SLACK, input } = values;
  return {
    ...cagedOf(OPTIONS, values, operands, flags),
    exitCode: values['exit-code'] ?? 0,
    slack: slack / 100,
    timeMs,
    input,
    showsOutput: values['show-output'] === true,
  };
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
