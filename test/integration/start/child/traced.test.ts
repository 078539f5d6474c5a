import { setTimeout as sleep } from 'node:timers/promises';
import { run, spawn } from 'memcage';
import { fixture, said } from '../../../support/cage-kinds';
import { expectNothingLeft } from '../../../support/nothing-left';
import { childrenOf, endNow, stateOf, threadTimeMs } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

const WATCHED_MS = 1000;
/** Of the processor's time. Looking all the time takes more even among six other busy processes on two processors. */
const MOST_SHARE = 0.1;

describeIf(['cgroup', 'root'], 'a child that has ended, and that its tracer holds', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('keeps the watcher from nothing else, and its end is told when it is let go', async () => {
    const args = ['-c', '"$0" "$1" $$ & read -r _', process.execPath, fixture('tracer.js')];
    const child = spawn('sh', args, { memory: '200M', stdio: ['pipe', 'pipe', 'inherit'] });
    const { pid = 0 } = child;
    await said(child as never, 'traced');
    const [tracer = 0] = childrenOf(pid);
    child.stdin.end();
    await until('it ends', () => stateOf(pid) === 'Z');
    const usedMs = threadTimeMs('memcage-watch');
    const fromMs = performance.now();
    await sleep(WATCHED_MS);
    const share = (threadTimeMs('memcage-watch') - usedMs) / (performance.now() - fromMs);
    expect(share).toBeLessThan(MOST_SHARE);
    expect((await run('true', { memory: '8M' })).exitCode).toBe(0);
    expect(child.exitCode).toBeNull();
    endNow(tracer);
    expect(await child.outcome).toMatchObject({ exitCode: 1, signal: null, oom: null });
  });
});
