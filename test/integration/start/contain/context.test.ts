import { AsyncLocalStorage, createHook, executionAsyncId, triggerAsyncId } from 'node:async_hooks';
import { ChildProcess } from 'node:child_process';
import diagnostics from 'node:diagnostics_channel';
import { resolve } from 'node:path';
import { follow } from '../../../support/children/child-record';
import { comparing } from '../../../support/children/function-kinds';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

const FORKED = resolve(__dirname, '../../../fixtures/start/api/forked.js');

describeIf('cgroup', 'async contexts, hooks and channels are as with Node’s functions', () => {
  const sameAsNode = comparing();

  const store = new AsyncLocalStorage<string>();

  test('AsyncLocalStorage: listeners run in the context of the start', async () => {
    const stores = await sameAsNode(async ({ spawn, fork, execFile, exec }) => {
      const seen: Record<string, string | undefined> = {};
      const note = (name: string) => () => {
        seen[name] = store.getStore();
      };
      const children = store.run('start', () => {
        const spawned = spawn('sh', ['-c', 'cat; echo err >&2']);
        const forked = fork(FORKED);
        execFile('true', note('execFile'));
        exec('exit 1', note('exec'));
        for (const name of ['spawn', 'exit', 'close']) spawned.on(name, note(`spawn ${name}`));
        for (const name of ['spawn', 'message', 'disconnect', 'exit']) forked.on(name, note(`fork ${name}`));
        spawned.stdout.on('data', note('stdout')).on('end', note('stdout end'));
        spawned.stderr.on('data', note('stderr'));
        spawn('/no/such/file').on('error', note('error'));
        return [spawned, forked];
      });
      const [spawned, forked] = children as [ChildProcess, ChildProcess];
      store.run('later', () => {
        spawned.stdin?.end('text');
        forked.send('hi');
        forked.once('message', () => forked.disconnect());
      });
      await until('all was heard', () => Object.keys(seen).length === 13);
      return seen;
    });
    expect(stores).toMatchObject({ 'spawn exit': 'start', 'fork message': 'start', execFile: 'start', exec: 'start' });
  });

  test('async_hooks: what runs the listener of exit', async () => {
    const seen = await sameAsNode(async ({ spawn }) => {
      const types = new Map<number, string>();
      const begun: string[] = [];
      const destroyed = new Set<string>();
      const hook = createHook({
        init: (id, type) => void types.set(id, type),
        before: (id) => void begun.push(types.get(id) ?? ''),
        destroy: (id) => void destroyed.add(types.get(id) ?? ''),
      });
      hook.enable();
      const started = executionAsyncId();
      const child = spawn('true', { stdio: 'ignore' });
      const atExit = await new Promise((done) => {
        child.once('exit', () => {
          const type = types.get(executionAsyncId());
          done({ type, isTriggeredByStart: triggerAsyncId() === started });
        });
      });
      await new Promise(setImmediate);
      hook.disable();
      return { atExit, runs: begun.filter((type) => type === 'PROCESSWRAP').length };
    });
    expect(seen).toEqual({ atExit: { type: 'PROCESSWRAP', isTriggeredByStart: true }, runs: 1 });
  });

  test('the channels child_process and child_process.spawn', async () => {
    const events: unknown[][] = [];
    const note = (name: string) => (message: unknown) => {
      const { process, options, error } = message as { process: unknown; options?: object; error?: { code: string } };
      const { file, args, detached } = (options ?? {}) as Record<string, unknown>;
      events.push([name, process instanceof ChildProcess, file, args, detached, error?.code]);
    };
    const names = ['child_process', ...['start', 'end', 'error'].map((name) => `tracing:child_process.spawn:${name}`)];
    const subscribers = names.map((name) => [name, note(name)] as const);
    const seen = await sameAsNode(async ({ spawn, execFile }) => {
      // The first use of each function tries it out, and subscribers of the channel see that.
      await Promise.all([follow(spawn('true')), follow(execFile('true'))]);
      for (const [name, listener] of subscribers) diagnostics.subscribe(name, listener);
      events.length = 0;
      const children = [spawn('true', ['x']), execFile('true'), spawn('/no/such/file', { detached: true })];
      expect(() => spawn('/etc/passwd/x')).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
      for (const [name, listener] of subscribers) diagnostics.unsubscribe(name, listener);
      const [, , missing] = children;
      missing?.on('error', () => {});
      await Promise.all(children.map((child) => new Promise((done) => child.once('close', done))));
      return [...events];
    });
    expect(seen.filter(([name]) => name === 'child_process')).toEqual(Array(4).fill(expect.arrayContaining([true])));
    // Since Node 24.
    const traced = Number(process.versions.node.split('.')[0]) >= 24;
    expect(seen.filter(([name]) => name === 'tracing:child_process.spawn:start').length).toBe(traced ? 4 : 0);
    expect(seen.filter(([name]) => name === 'tracing:child_process.spawn:error').length).toBe(traced ? 2 : 0);
  });
});
