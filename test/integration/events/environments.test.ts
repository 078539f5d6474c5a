import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { run, spawn } from 'memcage';
import { eachLine, said } from '../../support/cage-kinds';
import { expectNothingLeft } from '../../support/nothing-left';
import { expectNoNewFds, openFds } from '../../support/processes/fds';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

const fixtures = join(__dirname, '../../fixtures/events');

describeIf('cgroup', 'events', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('without a free fd: EMFILE, and nothing is taken', () => {
    const command = 'ulimit -n 100; exec "$0" "$1"';
    const output = execFileSync('sh', ['-c', command, process.execPath, join(fixtures, 'shortage.js')]);
    const { rounds, last, leaked } = JSON.parse(String(output)) as {
      rounds: string[][];
      last: string[];
      leaked: number;
    };
    expect(rounds[0]?.length).toBeGreaterThan(0);
    expect([...new Set(rounds.flat())]).toEqual(['EMFILE']);
    expect(rounds.at(-1)).toEqual([]);
    expect({ last, leaked }).toEqual({ last: [], leaked: 0 });
  });

  test('in workers, of which one ends by itself and one is terminated', async () => {
    // Each time with another limit, so that no cage is made ahead.
    await run('true', { memory: '10M' });
    const child = spawn(...eachLine, {
      memory: '9M',
      stdio: 'pipe',
    });
    const before = openFds();
    const workers = await Promise.all(
      [1, 2].map(async () => {
        const worker = new Worker(join(fixtures, 'worker.js'), { workerData: child.cage.cgroup.path });
        const heard: unknown[] = [];
        worker.on('message', (message) => heard.push(message));
        const ended = once(worker, 'exit');
        await until('it listens', () => heard.length > 0);
        return { worker, heard, ended };
      }),
    );
    for (const kill of [1, 2]) {
      child.stdin.write('\n');
      await said(child, 'done');
      await until('both', () => workers.every(({ heard }) => heard.at(-1) === kill));
    }
    const [first, second] = workers;
    first?.worker.postMessage('close');
    // Without a listener, nothing keeps the worker alive.
    await first?.ended;
    await second?.worker.terminate();
    // The first kill opens the kernel's log.
    await expectNoNewFds(before, 1);
    expect(workers.map(({ heard }) => heard)).toEqual([1, 2].map(() => ['listening', 1, 2]));
    child.stdin.end();
    await child.outcome;
  });
});
