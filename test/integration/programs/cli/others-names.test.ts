import { mkdirSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { run } from 'memcage';
import { enableMemory, version } from '../../../support/cgroups/cgroup-tree';
import { strangers } from '../../../support/cgroups/strangers';
import { type CliEnd, runCli, startCli } from '../../../support/cli/cli';
import { TerminalSession } from '../../../support/cli/terminal';
import { drawn } from '../../../support/drawn';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

/** The sequence that clears a terminal, as ESC and as the C1 character of the same meaning. */
const NAME = 'x\x1b[2J\u009b2J';
const PRINTED = 'x\\u001b[2J\\u009b2J';
/** Higher than any pid. */
const NOBODY = 2 ** 30;

describeIf('cgroup', 'the name of a cgroup that another user has chosen', () => {
  const { make } = strangers();
  expectNothingLeft(() => run('true', { memory: '8M' }));

  /** A cage by its path, as anyone may make one who may make cgroups. */
  function makeCage(): string {
    return [NAME, `memcage-${NOBODY}-0a`, '1'].reduce((parent, name) => {
      if (version === 2) enableMemory(parent);
      mkdirSync(`${parent}/${name}`);
      return `${parent}/${name}`;
    }, make());
  }

  function expectPrinted({ stdout, stderr }: Pick<CliEnd, 'stdout' | 'stderr'>): void {
    expect(stdout + stderr).toContain(PRINTED);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
    expect(stdout + stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  }

  const commands: [string, (path: string) => string[], number][] = [
    ['stat', (path) => ['stat', path], 0],
    ['stat --json', (path) => ['stat', '--json', path], 0],
    ['limit', (path) => ['limit', path, '--memory', '10M'], 0],
    ['limit --json', (path) => ['limit', '--json', path, '--memory', '10M'], 0],
    ['kill', (path) => ['kill', path], 0],
    ['kill --dry-run --json', (path) => ['kill', '-n', '--json', path], 0],
    ['kill, refused', (path) => ['kill', dirname(dirname(path))], 125],
    ['kill, gone', (path) => ['kill', `${path}/gone`], 125],
    ['limit, gone', (path) => ['limit', `${path}/gone`, '--memory', '10M'], 125],
    ['a command that is none', () => [NAME], 125],
    ['top', (path) => ['top', '--once', dirname(dirname(path))], 0],
    ['ls --json', () => ['ls', '--json'], 0],
    ['gc', () => ['gc', '--dry-run'], 0],
  ];

  // How a name is printed has nothing to do with the hierarchy: the gate has them all on the host.
  testRows(
    'is printed without what a terminal would obey',
    version === 2 ? drawn(commands, 4) : commands,
    async ([, args, code]) => {
      const path = makeCage();
      const end = await runCli(args(path));
      expectPrinted(end);
      expect(end.code).toBe(code);
    },
  );

  test('is printed so by events', async () => {
    const path = makeCage();
    const cli = startCli(['events', path]);
    await until('it listens', () => cli.stdout().includes('listening'));
    rmdirSync(path);
    expectPrinted(await cli.end);
  });

  describeIf('terminal', 'in a terminal', () => {
    test.each(['-q', '--targets'])('is printed so by ls %s, and as it is to a program', async (option) => {
      const path = makeCage();
      const session = TerminalSession.memcage(['ls', option], { columns: 500 });
      try {
        await session.end();
        expect(session.raw).toContain(PRINTED);
        expect(session.raw).not.toContain(NAME);
      } finally {
        await session.close();
      }
      expect((await runCli(['ls', option])).stdout.split('\n')).toContain(path);
    });
  });
});
