import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, spawn } from 'memcage';
import { fixture, said } from '../../support/cage-kinds';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

const WATCHED_MS = 1000;
const HOLD_MS = WATCHED_MS + patience(2000);
/** A watcher that looks a hundred times a second stays below this; one that looks all the time does not. */
const MOST_WAKES = 300;

/** How often the watcher has gone to sleep. */
function sleeps(): number {
  const threads = readdirSync('/proc/self/task').map((thread) =>
    readFileSync(`/proc/self/task/${thread}/status`, 'utf8'),
  );
  const watcher = threads.find((status) => status.startsWith('Name:\tmemcage-watch\n'));
  return Number(/^voluntary_ctxt_switches:\t(\d+)/m.exec(watcher ?? '')?.[1]);
}

describeIf(['cgroup', 'root'], 'a child that has ended, and that its tracer holds', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('keeps the watcher from nothing else, and its end is told when it is let go', async () => {
    const script = '"$0" "$1" $$ "$2" & read -r _';
    const args = ['-c', script, process.execPath, fixture('tracer.js'), String(HOLD_MS)];
    const child = spawn('sh', args, { memory: '200M', stdio: ['pipe', 'pipe', 'inherit'] });
    await said(child as never, 'traced');
    child.stdin.end();
    const before = sleeps();
    await sleep(WATCHED_MS);
    expect(sleeps() - before).toBeLessThan(MOST_WAKES);
    expect((await run('true', { memory: '8M' })).exitCode).toBe(0);
    expect(child.exitCode).toBeNull();
    expect(await child.outcome).toMatchObject({ exitCode: 1, signal: null, oom: null });
  });
});
