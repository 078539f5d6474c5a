import { once } from 'node:events';
import { readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run, spawn } from 'memcage';
import { controllerCgroup } from '../../support/cgroups/side-cgroups';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { fillFds } from '../../support/processes/fill-fds';
import { describeIf } from '../../support/require';
import { until } from '../../support/until';

/** Longer than memcage waits before it makes the next cage ahead. */
const PAUSE_MS = 40;

describeIf(['v1', 'pids', 'cpu', 'root'], 'side cgroups that a child leaves as good as new', () => {
  expectNothingLeft(async () => {
    await run('true', { memory: '8M', pids: 3 });
  });

  /** The side cgroups of a child, and its report. */
  async function live(options: Parameters<typeof spawn>[2], act: (path: string) => void = () => {}) {
    const child = spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore'], ...options });
    const path = controllerCgroup(child.pid as number, 'pids');
    const limit = readFileSync(`${path}/pids.max`, 'utf8').trim();
    act(path);
    child.stdin?.end();
    const { limits } = await child.outcome;
    await sleep(PAUSE_MS);
    return { path, limit, limits };
  }

  test('are those of a later child', async () => {
    const paths = new Set<string>();
    // Under emulation even this program uses too much of a period for the next one to have those of the processor.
    const isSlow = patience(1) >= 10;
    for (let i = 0; i < 12; i += 1) paths.add((await live({ pids: 64, ...(!isSlow && { cpu: 1.5 }) })).path);
    expect(paths.size).toBeLessThan(12);
  });

  test('have the limits again that such a child has changed', async () => {
    const spoil = (path: string): void => writeFileSync(`${path}/pids.max`, '1000');
    for (let i = 0; i < 5; i += 1) expect((await live({ pids: 32 }, spoil)).limit).toBe('32');
  });

  test('are not used once somebody has removed them', async () => {
    const { path } = await live({ pids: 64, cpu: 2 });
    for (let i = 0; i < 4; i += 1) {
      await live({ pids: 64, cpu: 2 });
      // Those of the next child and of the one after that: both have open files.
      for (const name of readdirSync(dirname(path))) if (/^\d+$/.test(name)) rmdirSync(join(dirname(path), name));
      expect((await live({ pids: 64, cpu: 2 })).limit).toBe('64');
    }
  });

  test('are not those of a child with other limits', async () => {
    for (const pids of [5, 7, 5, 7]) expect((await live({ pids })).limit).toBe(String(pids));
    const { limits } = await live({ pids: 7, cpu: 1 });
    expect(limits).toMatchObject({ pids: { limit: 7 }, cpu: { limit: 1 } });
    expect((await live({ cpu: { max: 1, set: '0' }, pids: 7 })).limits.cpu?.limit).toBe(1);
  });

  test('tell no child the counts of another', async () => {
    const many = { pids: 3 } as const;
    for (let i = 0; i < 3; i += 1) {
      const script = 'sleep 0.01 & sleep 0.01 & wait';
      expect((await run('sh', ['-c', script], many)).limits.pids).toMatchObject({ limitHits: 0 });
      await sleep(PAUSE_MS);
      const { peak = null } = (await run('true', many)).limits.pids ?? {};
      expect(peak ?? 1).toBe(1);
      await sleep(PAUSE_MS);
    }
  });

  test('are not lost where a start finds no free fd', async () => {
    const { path } = await live({ pids: 64 });
    const sides = () => readdirSync(dirname(path)).filter((name) => /^\d+$/.test(name)).length;
    expect(sides()).toBeGreaterThan(0);
    for (let free = 0; free < 16; free += 1) {
      const release = fillFds(free);
      const failed = once(spawn('true', [], { pids: 64, stdio: 'ignore' }), 'exit').catch(() => undefined);
      release();
      await failed;
      await sleep(PAUSE_MS);
    }
    await until('they are the spare ones and those of the cage made ahead', () => sides() <= 2);
  });

  test('stay few, however many children there were at once', async () => {
    const children = Array.from({ length: 12 }, () => spawn('true', [], { pids: 64 }));
    for (const child of children) await child.outcome;
  });
});
