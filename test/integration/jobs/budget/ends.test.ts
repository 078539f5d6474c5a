import { type ChildProcess, spawn as nodeSpawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type JobEndedEvent, run, spawn } from 'memcage';
import { budgetsClosedAfterEach, eventsOf } from '../../../support/budget/budget-after-each';
import { cagesOf } from '../../../support/cgroups/cgroup-tree';
import { withCode } from '../../../support/error-code';
import { expectNothingLeft } from '../../../support/nothing-left';
import { firstLine } from '../../../support/processes/owner-fixture';
import { endNow, isAlive } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

const WAIT: [string, string[]] = ['sh', ['-c', 'echo waiting; read -r _; exit 0']];
const OWNER = require.resolve('../../../fixtures/jobs/budget/owner.js');
const ABORTED = { name: 'AbortError', code: 'ABORT_ERR' };

describeIf('cgroup', 'how jobs of a budget end', () => {
  const make = budgetsClosedAfterEach();
  const owners: ChildProcess[] = [];
  afterEach(() => {
    for (const { pid } of owners.splice(0)) if (pid !== undefined && isAlive(pid)) endNow(pid);
  });
  expectNothingLeft(() => run('true', { memory: '8M' }));

  function startOwner(what: string): ChildProcess {
    const owner = nodeSpawn(process.execPath, [OWNER, what]);
    owners.push(owner);
    return owner;
  }

  test('an aborted one leaves the queue, and has never started', async () => {
    const budget = make({ memory: '20M' });
    const first = await budget.spawn(...WAIT, { memory: '20M' });
    const started = jest.fn();
    budget.on('started', started);
    const { signal, abort } = controller();
    const ended = once(budget, 'ended') as Promise<[JobEndedEvent]>;
    const aborted = budget.run('echo', { memory: '8M', signal });
    const waiting = budget.run('echo', ['next'], { memory: '8M' });
    abort('enough');
    await expect(aborted).rejects.toMatchObject({ ...ABORTED, cause: 'enough' });
    expect(await ended).toMatchObject([{ id: 2, error: ABORTED, outcome: null, durationMs: null }]);
    await expect(budget.reserve({ memory: '8M', signal })).rejects.toMatchObject(ABORTED);
    expect(budget.stats()).toMatchObject({ queued: 1, running: 1, aborted: 1 });
    expect(started).not.toHaveBeenCalled();
    first.stdin.end();
    await waiting;
  });

  test('many with one signal, of which the first ones have room', async () => {
    const budget = make({ memory: '20M' });
    const { signal, abort } = controller();
    const listeners = (): number => getEventListeners(signal, 'abort').length;
    const first = await budget.reserve({ memory: '20M' });
    const all = Array.from({ length: 20 }, () => budget.reserve({ memory: '10M', signal }));
    const rejected = all.slice(2).map((each) => expect(each).rejects.toMatchObject(ABORTED));
    expect(listeners()).toBe(1);
    first.release();
    const rooms = await Promise.all(all.slice(0, 2));
    expect(listeners()).toBe(1);
    abort();
    expect([listeners(), budget.stats().queued, budget.stats().running]).toEqual([0, 0, 2]);
    await Promise.all(rejected);
    for (const room of rooms) room.release();
  });

  test('an abort between the room and the start counts too', async () => {
    const budget = make({ memory: '20M' });
    const started = jest.fn();
    budget.on('started', started);
    const { signal, abort } = controller();
    const aborted = budget.spawn('true', { memory: '8M', signal });
    abort();
    await expect(aborted).rejects.toMatchObject(ABORTED);
    expect(started).not.toHaveBeenCalled();
    expect(budget.stats()).toMatchObject({ running: 0, reservedBytes: 0, aborted: 1, ended: 0 });
  });

  describe.each<[string, (abort: () => void) => () => void]>([
    ['as it is said to have started', (abort) => abort],
    ['in the microtask after that', (abort) => () => queueMicrotask(abort)],
  ])('an abort %s', (_, when) => {
    test('finds the listeners of its caller', async () => {
      const budget = make({ memory: '20M' });
      const seen: string[] = [];
      for (const start of [
        (signal: AbortSignal) => budget.spawn('sleep', ['60'], { memory: '8M', signal }),
        async (signal: AbortSignal) => budget.contain(() => spawn('sleep', ['60'], { signal }), { memory: '8M' }),
      ]) {
        const { signal, abort } = controller();
        budget.once('started', when(abort));
        const child = await start(signal);
        child.on('error', ({ name }) => seen.push(name));
        expect((await child.outcome)?.signal).toBe('SIGTERM');
      }
      expect(seen).toEqual(['AbortError', 'AbortError']);
    });
  });

  test('one that runs is ended by its signal and timeout as run() does', async () => {
    const budget = make({ memory: '20M' });
    const { signal, abort } = controller();
    const running = budget.run(...WAIT, { memory: '20M', signal, stdio: ['pipe', 'pipe', 'pipe'] });
    budget.once('started', () => abort());
    await expect(running).rejects.toMatchObject(ABORTED);
    // It waits longer than its timeout.
    const first = await budget.spawn(...WAIT, { memory: '20M' });
    const late = budget.run('sleep', ['1000'], { memory: '20M', timeout: 100 });
    setTimeout(() => first.stdin.end(), 300);
    await expect(late).rejects.toMatchObject(withCode('TIMEOUT'));
    expect(budget.stats()).toMatchObject({ ended: 3, running: 0, aborted: 0 });
  });

  test('close() rejects what waits, and kills what runs', async () => {
    const budget = make({ memory: '20M' });
    const events = eventsOf(budget);
    const first = await budget.spawn(...WAIT, { memory: '20M' });
    const waiting = [
      budget.run('true', { memory: '8M' }),
      budget.spawn('true', { memory: '8M' }),
      budget.reserve({ memory: '8M' }),
    ];
    const closed = budget.close();
    expect(budget.closed).toBe(true);
    const tooLate = budget.run('true', { memory: '8M' });
    for (const each of [...waiting, tooLate]) await expect(each).rejects.toMatchObject(withCode('CLOSED'));
    await closed;
    expect(await first.outcome).toMatchObject({ signal: 'SIGKILL' });
    expect(events).toEqual([
      ...['started 1', 'queued 2', 'queued 3', 'queued 4', 'ended 2', 'ended 3', 'ended 4', 'ended 1', 'close'],
    ]);
    expect(budget.stats()).toMatchObject({ queued: 0, running: 0, ended: 1, aborted: 3, usedBytes: null });
    await budget.close();
  });

  test('so does the end of its cage', async () => {
    const budget = make({ memory: '20M' });
    await budget.spawn(...WAIT, { memory: '20M' });
    const waiting = budget.run('true', { memory: '8M' });
    const closed = once(budget, 'close');
    await Promise.all([budget.cage.close(), expect(waiting).rejects.toMatchObject(withCode('CLOSED'))]);
    await closed;
    expect(budget.closed).toBe(true);
  });

  test('room without a child is taken until it is released', async () => {
    const budget = make({ memory: '20M', cpu: 1, pids: 50 });
    const room = await budget.reserve({ memory: '15M', cpu: 0.5, pids: 20, key: 'mine' });
    expect(room.memoryBytes).toBe(15 << 20);
    const waiting = budget.run('echo', ['next'], { memory: '10M' });
    expect(budget.stats()).toMatchObject({ queued: 1, running: 1, reservedBytes: 15 << 20 });
    room.release();
    room.release();
    expect((await waiting).stdout).toBe('next\n');
    expect(budget.stats()).toMatchObject({ ended: 2, running: 0, reservedBytes: 0 });
  });

  test('nothing is left of a budget whose process was killed', async () => {
    const owner = startOwner('waits');
    const pid = Number(await firstLine(owner));
    expect(isAlive(pid)).toBe(true);
    const exit = once(owner, 'exit');
    owner.kill('SIGKILL');
    await exit;
    await until('the job is gone', () => !isAlive(pid));
    await until('its cages are gone', () => cagesOf(owner.pid ?? 0).length === 0);
  });

  test('an idle budget does not keep the process alive', async () => {
    const owner = startOwner('idle');
    expect(await once(owner, 'exit')).toEqual([0, null]);
  });

  test('a job that waits for another does', async () => {
    const owner = startOwner('queued');
    owner.stdout?.setEncoding('utf8');
    const [said] = (await once(owner.stdout ?? owner, 'data')) as [string];
    expect(said).toBe('ran\n');
    await once(owner, 'exit');
  });

  test('a run that leaves something running resolves as it ends, and keeps its room', async () => {
    const owner = startOwner('keeps');
    const said = text(owner.stdout as Readable);
    expect(await once(owner, 'exit')).toEqual([0, null]);
    expect(await said).toBe('left it, 1 has room\n');
  });

  test('the pipes of a job do not keep its room', async () => {
    const budget = make({ memory: '20M' });
    const first = await budget.spawn('sh', ['-c', 'echo unread'], { memory: '20M' });
    // Someone is reading, but has not read to the end. Without a listener Node would drop the rest as the child ends.
    const readable = jest.fn();
    first.stdout.on('readable', readable);
    await until('it has said something', () => readable.mock.calls.length > 0);
    expect((await budget.run('echo', ['next'], { memory: '20M' })).stdout).toBe('next\n');
    expect(String(first.stdout.read())).toBe('unread\n');
  });
});

function controller(): { signal: AbortSignal; abort: (reason?: unknown) => void } {
  const made = new AbortController();
  return { signal: made.signal, abort: (reason) => made.abort(reason) };
}
