import { type Budget, createBudget, run } from 'memcage';
import { collectBudgets } from 'memcage/prometheus';
import { register as globalRegister, Registry } from 'prom-client';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';
import { until } from '../../../support/until';

/** The values of a scrape by `NAME{LABELS}`, without the prefix. */
async function scrape(register: Registry): Promise<Record<string, number>> {
  const lines = (await register.metrics()).split('\n').filter((line) => /^memcage_/.test(line));
  return Object.fromEntries(lines.map((line) => line.slice('memcage_'.length).split(' '))) as Record<string, number>;
}

/** What a scrape has to say of a budget, by its `stats()`. */
function expected(name: string, budget: Budget): Record<string, string> {
  const { memoryBytes, reservedBytes, queued, running, frozen, ended, killed, retried, evicted, aborted } =
    budget.stats();
  const values = {
    memory_bytes: memoryBytes,
    reserved_bytes: reservedBytes,
    jobs_queued: queued,
    jobs_running: running,
    jobs_frozen: frozen,
    jobs_ended_total: ended,
    jobs_killed_total: killed,
    jobs_retried_total: retried,
    jobs_evicted_total: evicted,
    jobs_aborted_total: aborted,
  };
  return Object.fromEntries(
    Object.entries(values).map(([figure, value]) => [`budget_${figure}{budget="${name}"}`, String(value)]),
  );
}

describeIf('cgroup', 'collectBudgets', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('has what stats() of each budget has, also after it is closed', async () => {
    const register = new Registry();
    const [images, mail] = [createBudget({ memory: '64M' }), createBudget({ memory: '32M' })];
    using _ = collectBudgets({ images, mail }, { register: register as never });
    const room = await images.reserve({ memory: '48M' });
    const waits = new AbortController();
    const waiting = [images.reserve({ memory: '48M', signal: waits.signal }), images.run('true', { memory: '20M' })];
    await mail.run('tail', ['/dev/zero'], { memory: '16M', reject: false });
    await until('the longest wait is seen', () => images.stats().longestWaitMs > 20);
    const before = await scrape(register);
    expect(before).toMatchObject({ ...expected('images', images), ...expected('mail', mail) });
    expect(images.stats()).toMatchObject({ queued: 2, running: 1, reservedBytes: 48 << 20 });
    expect(mail.stats()).toMatchObject({ killed: 1, ended: 1 });
    expect(Number(before['budget_longest_wait_seconds{budget="images"}'])).toBeGreaterThan(0.01);
    expect(Number(before['budget_longest_wait_seconds{budget="images"}'])).toBeLessThan(60);
    expect(Number(before['budget_used_bytes{budget="images"}'])).toBeGreaterThanOrEqual(0);
    waits.abort();
    room.release();
    await Promise.allSettled(waiting);
    expect(images.stats()).toMatchObject({ aborted: 1 });
    await images.close();
    await mail.close();
    const after = await scrape(register);
    expect(after).toMatchObject({ ...expected('images', images), ...expected('mail', mail) });
    expect(after).not.toHaveProperty('budget_used_bytes{budget="images"}');
  });

  test('registers with prom-client itself, under a prefix, until it is stopped', async () => {
    await using budget = createBudget({ memory: '64M' });
    const collection = collectBudgets({ one: budget }, { prefix: 'jobs_' });
    expect(await globalRegister.metrics()).toContain('jobs_budget_memory_bytes{budget="one"} 67108864');
    expect(() => collectBudgets({ one: budget }, { prefix: 'jobs_' })).toThrow('already been registered');
    collection.close();
    expect(await globalRegister.metrics()).not.toContain('jobs_');
  });

  testRows(
    'refuses what is wrong',
    [
      [[{ one: {} }], 'Expected budgets by their names, such as { images: budget } for budgets'],
      [[undefined], 'for budgets but received undefined'],
      [[{}, { prefixx: 'a' }], "Unknown option 'prefixx' of collectBudgets: did you mean 'prefix'?"],
      [[{}, { register: 1 }], 'Expected an object for register'],
    ],
    ([args, message]) => {
      const error = thrown(() => Reflect.apply(collectBudgets, undefined, args as unknown[]));
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain(message);
    },
  );
});
