import { once } from 'node:events';
import { type SpawnOptions, spawn } from 'memcage';
import { expectNothingLeft } from '../../../support/nothing-left';
import { patience } from '../../../support/patience';
import { mark } from '../../../support/processes/mark';
import { processesWith } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

jest.setTimeout(patience(30_000));

const namespaces = { pid: { init: true }, mount: true };

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
}

function start(command: string, options: SpawnOptions = {}) {
  const child = spawn('sh', ['-c', command], {
    memory: '100M',
    namespaces,
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout?.on('data', (data: Buffer) => {
    output += data;
  });
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal, output: output.trim() }));
  return { child, ended, printed: (text: string) => until(`"${text}"`, () => output.includes(text)) };
}

describeIf(['cgroup', 'root'], 'the init of a PID namespace', () => {
  expectNothingLeft(() => start('true').ended);

  test('the program is its child', async () => {
    expect((await start('echo $$ $PPID').ended).output).toBe('2 1');
  });

  test('orphans are reaped', async () => {
    // The orphan has ended when the pipe closes. An init must not be held up by it for a second.
    const zombies = `cat /proc/[0-9]*/stat | grep ') Z '`;
    const command = `sh -c 'sleep 0 & exit' | cat; for i in $(seq 100); do ${zombies} || exit 0; sleep 0.1; done; exit 1`;
    expect(await start(`(${command}) >/dev/null; echo $?`).ended).toMatchObject({ output: '0' });
  });

  test('the exit status is passed on', async () => {
    expect(await start('exit 7').ended).toMatchObject({ code: 7, signal: null });
  });

  testRows('an end by a signal is passed on', ['SIGTERM', 'SIGKILL', 'SIGUSR1', 'SIGSEGV'] as const, async (name) => {
    const { child, ended } = start(`kill -${name.slice(3)} $$`);
    expect(await ended).toMatchObject({ code: null, signal: name });
    expect(await child.outcome).toMatchObject({ exitCode: null, signal: name, oom: null });
  });

  test('signals are passed on', async () => {
    const { child, ended, printed } = start('trap "echo got; exit 3" TERM; echo ready; while :; do sleep 0.05; done');
    await printed('ready');
    child.kill();
    expect(await ended).toMatchObject({ code: 3, output: 'ready\ngot' });
  });

  test('a signal that is not handled ends the program', async () => {
    const { child, ended, printed } = start('echo ready; exec sleep 1000');
    await printed('ready');
    child.kill();
    expect(await ended).toMatchObject({ signal: 'SIGTERM' });
  });

  test('the end of the program ends the rest', async () => {
    const sleep = mark();
    const { ended } = start(`setsid sleep ${sleep} & exit 0`);
    expect(await ended).toMatchObject({ code: 0 });
    expect(processesWith(sleep)).toEqual([]);
  });

  test('an OOM kill of the program is its end', async () => {
    const { child, ended } = start('exec tail /dev/zero', { memory: '30M' });
    expect(await ended).toMatchObject({ signal: 'SIGKILL' });
    expect((await child.outcome).oom).toMatchObject({ cause: 'limit', kills: 1 });
  });

  test('pipes that the program closes are closed', async () => {
    const { child, ended } = start('exec >&- 2>&-; exec sleep 1000');
    if (child.stdout !== null) await once(child.stdout, 'end');
    child.kill('SIGKILL');
    await ended;
  });

  test('what can not be started is as with Node', async () => {
    const child = spawn('no-such-file', ['a'], { memory: '100M', namespaces });
    const [error] = await once(child, 'error');
    expect(error).toMatchObject({ code: 'ENOENT', path: 'no-such-file', spawnargs: ['a'] });
    expect(await child.outcome).toMatchObject({ error: { stage: 'exec', path: 'no-such-file' } });
  });

  test('its file can not be written', async () => {
    const { output } = await start('readlink /proc/1/exe; (echo x > /proc/1/exe) 2>&1').ended;
    expect(output).toMatch(/^\/memfd:memcage-exec \(deleted\)\n.*(Text file busy|Operation not permitted)$/);
  });

  test('argv0 and the environment reach the program', async () => {
    const child = spawn('sh', ['-c', 'tr "\\0" " " < /proc/$$/cmdline; echo $A'], {
      namespaces,
      argv0: 'other',
      env: { ...process.env, A: 'b' },
    });
    let output = '';
    child.stdout.on('data', (data: Buffer) => {
      output += data;
    });
    await once(child, 'close');
    expect(output).toMatch(/^other -c .* b\n$/);
  });
});
