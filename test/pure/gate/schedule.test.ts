/** @starts-children the steps, which are commands */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MODULE = join(__dirname, '../../../.ci/steps/schedule.mjs');

interface Step {
  name: string;
  script: string;
  after?: string[];
  cores?: number;
}

/** What the steps say, and how each ended. */
function run(steps: Step[], { abortAfterMs = 0 } = {}): { lines: string[]; ends: Record<string, unknown> } {
  const commands = steps.map(({ script, ...step }) => ({ ...step, minutes: 1, command: ['sh', '-c', script] }));
  const program = `import { schedule } from ${JSON.stringify(MODULE)};
    const signal = ${abortAfterMs === 0 ? 'new AbortController().signal' : `AbortSignal.timeout(${abortAfterMs})`};
    const ends = await schedule(${JSON.stringify(commands)}, signal);
    console.log(JSON.stringify(Object.fromEntries(ends.map(({ name, status }) => [name, status]))));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
  const lines = output.trimEnd().split('\n');
  return { ends: JSON.parse(lines.pop() ?? ''), lines: lines.filter((line) => !line.startsWith('===')) };
}

test('three steps run at a time, and a fourth once one has ended', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'memcage-steps-'));
  const wait = (file: string) => `until [ -e ${scratch}/${file} ]; do sleep 0.01; done`;
  const steps = [
    // It ends only if the other two run beside it.
    { name: 'first', script: `${wait('second')}; ${wait('third')}; [ ! -e ${scratch}/fourth ]` },
    { name: 'second', script: `touch ${scratch}/second; ${wait('fourth')}` },
    { name: 'third', script: `touch ${scratch}/third; ${wait('fourth')}` },
    { name: 'fourth', script: `touch ${scratch}/fourth` },
  ];
  try {
    expect(run(steps).ends).toEqual({ first: 0, second: 0, third: 0, fourth: 0 });
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

test('a step of three processors runs alone, but for one that needs none', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'memcage-steps-'));
  try {
    const { ends } = run([
      { name: 'beside', script: `until [ -e ${scratch}/all ]; do sleep 0.01; done`, cores: 0 },
      { name: 'one', script: `sleep 0.2; touch ${scratch}/one` },
      { name: 'all', script: `[ -e ${scratch}/one ] && touch ${scratch}/all`, cores: 3 },
    ]);
    expect(ends).toEqual({ beside: 0, one: 0, all: 0 });
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

test('what fails takes along what needs it, and nothing else', () => {
  const { lines, ends } = run([
    { name: 'build', script: 'exit 3' },
    { name: 'tests', script: 'echo no', after: ['build'] },
    { name: 'more', script: 'echo no', after: ['tests'] },
    { name: 'lint', script: 'echo yes' },
  ]);
  expect(lines).toEqual(['lint | yes']);
  expect(ends).toEqual({ build: 3, tests: 'not run', more: 'not run', lint: 0 });
});

test('an interrupted run ends its steps with all that they started', () => {
  const { ends } = run(
    [
      { name: 'stubborn', script: 'trap "" TERM; sleep 0.1; (trap - TERM; exec sleep 100)' },
      { name: 'plain', script: 'sleep 100' },
      { name: 'never', script: 'true', cores: 2 },
    ],
    { abortAfterMs: 500 },
  );
  expect(ends).toEqual({ stubborn: 'ended with the run', plain: 'ended with the run', never: 'not run' });
});
