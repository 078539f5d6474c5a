import { once } from 'node:events';
import { failureOf, run, type SpawnOptions, spawn } from 'memcage';
import { expectNothingLeft } from '../../support/nothing-left';
import { describeIf } from '../../support/require';

describeIf('cgroup', 'the error of an outcome', () => {
  expectNothingLeft(() => run('true', { memory: '16M' }));

  /** It closes its channel, and ends when its input does. */
  const start = (options: SpawnOptions = {}) =>
    spawn('sh', ['-c', 'exec 3>&-; read -r line'], {
      memory: '16M',
      ...options,
      stdio: ['pipe', 'ignore', 'ignore', 'ipc'],
    });

  test('is none for a message that could not be sent: that ends nobody', async () => {
    const child = start();
    await once(child, 'disconnect');
    const refused = once(child, 'error');
    child.send('too late');
    expect(await refused).toMatchObject([{ code: 'ERR_IPC_CHANNEL_CLOSED' }]);
    child.stdin?.end('\n');
    const outcome = await child.outcome;
    expect(outcome).toMatchObject({ exitCode: 0, signal: null });
    expect(outcome.error).toBeNull();
    expect(failureOf(outcome, { command: 'sh', pid: child.pid })).toBeNull();
  });

  test('is the abort, also after such a message', async () => {
    const controller = new AbortController();
    const child = start({ signal: controller.signal });
    await once(child, 'disconnect');
    const errors: unknown[] = [];
    child.on('error', (error) => errors.push(error));
    const refused = once(child, 'error');
    child.send('too late');
    await refused;
    controller.abort();
    const outcome = await child.outcome;
    expect(errors).toMatchObject([{ code: 'ERR_IPC_CHANNEL_CLOSED' }, { name: 'AbortError' }]);
    expect(outcome).toMatchObject({ signal: 'SIGTERM', error: errors[1] });
  });
});
