import { pauseSync } from '../../../lib/common/event-loop/timers';
import { follow, thrownData } from '../../support/children/child-record';
import { sameAsNode } from '../../support/children/stock-spawn';
import { isAlive, stateOf } from '../../support/processes/processes';

/** Blocks until it is a zombie, and for as long as another thread may take to reap it. */
function blockUntilEnded(pid = 0): void {
  while (isAlive(pid)) pauseSync(1);
  for (let rest = 100; rest > 0 && stateOf(pid) !== undefined; rest -= 1) pauseSync(1);
}

describe('kill', () => {
  test('by name, by number, 0, and after the end', async () => {
    await sameAsNode(async (spawn) => {
      const child = spawn('sleep', ['60']);
      const results = [child.kill(0), child.killed, child.kill('SIGCONT'), child.kill(9), child.kill(), child.killed];
      const record = await follow(child);
      return { results, record, late: [child.kill(0), child.kill(), child.killed] };
    });
  });

  test('of a child that has ended, before that is told', async () => {
    await sameAsNode(
      async (spawn) => {
        const child = spawn('true');
        blockUntilEnded(child.pid);
        const results = [child.kill(0), child.kill('SIGKILL'), child.killed];
        return { results, record: await follow(child) };
      },
      { isBlocking: true },
    );
  });

  test('of a child that never was', async () => {
    await sameAsNode(async (spawn) => {
      const child = spawn('/no/such/program');
      const results = [child.killed, child.pid];
      const record = await follow(child);
      return { results, record, late: child.kill() };
    });
  });

  test('signals that do not exist', async () => {
    const error = await sameAsNode(async (spawn) => {
      const child = spawn('sleep', ['60']);
      const errors = [thrownData(() => child.kill('SIGNOTHING' as never)), thrownData(() => child.kill(999))];
      child.kill('SIGKILL');
      await follow(child);
      return errors;
    });
    expect(error.map(({ code }) => code)).toEqual(['ERR_UNKNOWN_SIGNAL', 'ERR_UNKNOWN_SIGNAL']);
  });
});
