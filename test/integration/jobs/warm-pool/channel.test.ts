import { once } from 'node:events';
import { join } from 'node:path';
import { run } from 'memcage';
import { drawn } from '../../../support/drawn';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { pools } from '../../../support/warm-pool';

const ABUSE = join(__dirname, '../../../fixtures/process/abuse-channel.js');
const ABUSES = ['ack', 'garbage', 'endless', 'handle', 'handle without one'] as const;

describeIf('cgroup', 'a warm pool whose children write to their channel what is no message', () => {
  const { make } = pools();
  expectNothingLeft(() => run('true', { memory: '8M' }));

  testRows('fails who has asked, and goes on', ABUSES, async (abuse) => {
    const pool = make({ maxUses: 2, silent: true }, ABUSE);
    const error = { code: 'ERR_MEMCAGE_CHANNEL', outcome: { memory: { limitBytes: 200 * 2 ** 20 } } };
    await expect(pool.ask(abuse)).rejects.toMatchObject(error);
    expect(await pool.ask('well')).toBe('well');
  });

  // What is read of the channel does not know whether somebody has asked, except for one that nobody hears.
  const waiting = [...drawn(ABUSES, 2), 'unheard'] as const;
  testRows('ends a child that does it while it waits', waiting, async (abuse) => {
    const pool = make({ silent: true }, ABUSE, [abuse]);
    const [error] = (await once(pool, 'error')) as [Error];
    expect(error).toMatchObject({ code: 'ERR_MEMCAGE_CHANNEL', outcome: { signal: 'SIGKILL' } });
  });

  test("takes no word of a module for the pool's own", async () => {
    const pool = make({ silent: true }, join(__dirname, '../../../fixtures/jobs/warm-pool/tells-lies.js'));
    await expect(pool.ask('')).rejects.toMatchObject({ name: 'ExitError', outcome: { exitCode: 3 } });
  });
});
