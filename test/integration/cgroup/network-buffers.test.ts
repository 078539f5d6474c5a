import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { run, spawn } from 'memcage';
import { fixture } from '../../support/cage-kinds';
import { version } from '../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../support/nothing-left';
import { patience } from '../../support/patience';
import { describeIf } from '../../support/require';

const MIB = 2 ** 20;
const LIMIT_BYTES = 60 * MIB;
const CONNECTIONS = 200;
/** The kernel gives each connection at least some pages in each direction, whatever the limit. */
const LEAST_BYTES = 2 * CONNECTIONS * 64 * 1024;

jest.setTimeout(patience(60_000));

/** Of all TCP connections on the machine. */
function tcpBytes(): number {
  return Number(/^TCP: .* mem (\d+)/m.exec(readFileSync('/proc/net/sockstat', 'utf8'))?.[1]) * 4096;
}

describeIf('cgroup', 'the buffers of connections that nobody reads', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('are limited, and counted', async () => {
    const before = tcpBytes();
    const child = spawn(process.execPath, [fixture('tcp-buffers.js'), String(CONNECTIONS)], {
      memory: LIMIT_BYTES,
      nodeHeap: false,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { cgroup } = child.cage;
    let most = 0;
    let counted = 0;
    const looking = setInterval(() => {
      most = Math.max(most, tcpBytes() - before);
      try {
        const bytes = version === 1 ? cgroup.get('memory.kmem.tcp.usage_in_bytes') : cgroup.stat()['sock'];
        counted = Math.max(counted, bytes ?? 0);
      } catch {
        // It is gone with the child.
      }
    }, 20);
    const end = await Promise.race([once(child.stdout, 'data'), child.outcome]);
    clearInterval(looking);
    // The count is the whole machine's, and it lags behind. Without a limit the buffers take 750 MiB.
    expect(most).toBeLessThan(2 * (LIMIT_BYTES + LEAST_BYTES));
    expect(counted).toBeGreaterThan(5 * MIB);
    child.stdin.end();
    // v2 counts them with everything else, and kills when they exceed the limit.
    if (Array.isArray(end)) expect(await child.outcome).toMatchObject({ exitCode: 0, oom: null });
    else expect([version, end]).toMatchObject([2, { oom: { cause: 'limit', limitBytes: LIMIT_BYTES } }]);
  });

  test('are limited anew with the cage', async () => {
    const child = spawn('cat', [], { memory: LIMIT_BYTES });
    child.cage.cgroup.setLimits(2 * LIMIT_BYTES);
    if (version === 1) expect(child.cage.cgroup.get('memory.kmem.tcp.limit_in_bytes')).toBe(2 * LIMIT_BYTES);
    child.stdin?.end();
    await child.outcome;
  });
});
