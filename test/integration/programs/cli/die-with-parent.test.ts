import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../../../support/cli/cli';
import { patience } from '../../../support/patience';
import { mark } from '../../../support/processes/mark';
import { processesThatAre, processesWith } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

const CLI = join(__dirname, '../../../../dist/cli.js');
const directory = mkdtempSync(join(tmpdir(), 'memcage-die-with-parent-'));
const outcomeFile = join(directory, 'outcome.json');

afterAll(() => rmSync(directory, { recursive: true }));

const outcome = (): unknown => JSON.parse(readFileSync(outcomeFile, 'utf8'));

/** A line of a shell that runs memcage, and a sleep in it that has left its session. */
function lineOf(sleep: string, options = ''): string {
  const words = `run -m 100M --die-with-parent --outcome ${outcomeFile} ${options}`;
  return `'${process.execPath}' '${CLI}' ${words} -- sh -c 'setsid ${sleep} & echo; exec ${sleep}'`;
}

/** Code of a client, for which `line` and `spawn` are there. */
function startClient(line: string, code: string): ChildProcess {
  const start = `const { spawn } = require('node:child_process'); const line = process.argv[1]; ${code}`;
  return spawn(process.execPath, ['-e', start, line], { stdio: ['ignore', 'ignore', 'inherit'] });
}

const AS_MCP = `const child = spawn('sh', ['-c', line], { stdio: ['pipe', 'pipe', 'ignore'] });`;

const sleepOf = (): string => `sleep ${mark()}`;

async function running(sleep: string): Promise<void> {
  await until('both run', () => processesThatAre(sleep).length === 2);
}

async function nothingOf(sleep: string): Promise<void> {
  await until('nothing is left', () => processesWith(sleep).length === 0);
}

describeIf('cgroup', '--die-with-parent', () => {
  testRows(
    'ends with its client, by whatever it was started',
    [
      ['a shell that becomes memcage', (line) => `exec ${line}`, AS_MCP],
      ['a shell that waits', (line) => `${line}; true`, AS_MCP],
      ['three shells', (line) => `(( ${line}; true ); true); true`, AS_MCP],
      ['a session of its own', (line) => `${line}; true`, AS_MCP.replace('stdio:', 'detached: true, stdio:')],
      ['no stdin', (line) => `${line}; true`, AS_MCP.replace("'pipe'", "'ignore'")],
      ['neither stdin nor stdout', (line) => `${line}; true`, AS_MCP.replace("['pipe', 'pipe', 'ignore']", "'ignore'")],
      [
        'the stdin and stdout of its client',
        (line) => `${line}; true`,
        AS_MCP.replace("['pipe', 'pipe', 'ignore']", "'inherit'"),
      ],
    ] as [string, (line: string) => string, string][],
    async ([, between, code]) => {
      const sleep = sleepOf();
      const client = startClient(between(lineOf(sleep)), `${code} setInterval(() => {}, 1e5);`);
      await running(sleep);
      client.kill('SIGKILL');
      await nothingOf(sleep);
    },
  );

  test('ends with what is between, and the outcome says with what', async () => {
    const sleep = sleepOf();
    const pidFile = join(directory, 'pid');
    const note = `require('node:fs').writeFileSync('${pidFile}', String(child.pid));`;
    const code = `${AS_MCP} ${note} child.on('exit', () => process.exit());`;
    const client = startClient(`${lineOf(sleep)}; true`, code);
    const exit = once(client, 'exit');
    await running(sleep);
    const shell = Number(readFileSync(pidFile, 'utf8'));
    process.kill(shell, 'SIGKILL');
    await exit;
    await nothingOf(sleep);
    expect(outcome()).toMatchObject({
      exitCode: null,
      signal: 'SIGKILL',
      oom: null,
      error: { message: `sh (pid ${shell}) has ended (--die-with-parent)` },
    });
  });

  test('outlives the thread that has started it', async () => {
    const sleep = sleepOf();
    const inThread = `
      const { workerData: line } = require('node:worker_threads');
      const { spawn } = require('node:child_process');
      ${AS_MCP} child.stdout.once('data', () => process.exit());`;
    const client = startClient(
      `exec ${lineOf(sleep)}`,
      `const thread = new (require('node:worker_threads').Worker)(\`${inThread}\`, { eval: true, workerData: line });
      thread.on('exit', () => require('node:fs').writeFileSync('${directory}/ended', ''));
      setInterval(() => {}, 1e5);`,
    );
    await running(sleep);
    await until('the thread has ended', () => existsSync(join(directory, 'ended')));
    expect(processesThatAre(sleep)).toHaveLength(2);
    client.kill('SIGKILL');
    await nothingOf(sleep);
  });

  test('--keep-descendants: what the command has left ends too', async () => {
    const sleep = sleepOf();
    const words = `run -m 100M --die-with-parent --keep-descendants -- sh -c 'setsid ${sleep} & setsid ${sleep} &'`;
    const client = startClient(
      `'${process.execPath}' '${CLI}' ${words}; true`,
      `${AS_MCP} setInterval(() => {}, 1e5);`,
    );
    await running(sleep);
    client.kill('SIGKILL');
    await nothingOf(sleep);
  });

  testRows(
    'starts nothing if its client has ended before',
    [
      ['in its session', ''],
      ['in one of its own', 'detached: true,'],
    ],
    async ([, more]) => {
      const sleep = sleepOf();
      const wait = 'while kill -0 $CLIENT 2>/dev/null; do :; done';
      const line = `${wait}; ${lineOf(sleep)} 2>'${directory}/said'; echo >'${directory}/done'`;
      const code = `
        const env = { ...process.env, CLIENT: process.pid };
        spawn('sh', ['-c', line], { ${more} stdio: ['pipe', 'pipe', 'ignore'], env }).on('spawn', () => {
          process.kill(process.pid, 'SIGKILL');
        });`;
      rmSync(join(directory, 'done'), { force: true });
      await once(startClient(line, code), 'exit');
      await until('it has ended', () => existsSync(join(directory, 'done')));
      expect(processesThatAre(sleep)).toEqual([]);
      expect(readFileSync(join(directory, 'said'), 'utf8')).toBe(
        'memcage: what started memcage has ended already (--die-with-parent)\n',
      );
      expect(outcome()).toMatchObject({
        exitCode: null,
        error: { message: expect.stringContaining('ended already') as string },
      });
    },
  );

  test('ends as the command does while everybody lives', async () => {
    expect(await runCli(['run', '--die-with-parent', 'sh', '-c', 'exit 5'])).toMatchObject({
      code: 5,
      stderr: '',
      left: [],
    });
  });
});

describeIf(['cgroup', 'root'], '--die-with-parent in a PID namespace', () => {
  const namespace = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

  test('as pid 1: it starts nothing, as it can not see its client', async () => {
    const [file = '', ...args] = [...namespace, process.execPath, CLI, 'run', '--die-with-parent', 'true'];
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const said = (await child.stderr.setEncoding('utf8').toArray()).join('');
    expect(said).toMatch(
      /^memcage: --die-with-parent can't see the process that made memcage's stdin and stdout\. Cure: /,
    );
  });

  test('pid 1 may be its client', async () => {
    const code = `
      const { status } = require('node:child_process').spawnSync(process.execPath, process.argv.slice(1));
      process.exit(status);`;
    const [file = '', ...args] = [
      ...namespace,
      process.execPath,
      '-e',
      code,
      CLI,
      'run',
      '--die-with-parent',
      'sh',
      '-c',
      'exit 5',
    ];
    const [status] = (await once(spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] }), 'exit')) as [number];
    expect(status).toBe(5);
  });
});
