import { existsSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { createCage, run, spawn } from 'memcage';
import { Cgroup } from 'memcage/cgroup';

/**
 * For test/guest/views/container: a limit of 1 GiB on this container, and 1.5 GiB on an ancestor that it can't see.
 */
const ROOT = '/sys/fs/cgroup';
const LIMIT = 2 ** 30;

function refused(code: string, message: RegExp): Error {
  return expect.objectContaining({ code: `ERR_MEMCAGE_${code}`, message: expect.stringMatching(message) }) as Error;
}

describe('in a container with a read-only cgroupfs', () => {
  let kept: string | undefined;
  beforeAll(() => {
    kept = process.env['KUBERNETES_SERVICE_HOST'];
    process.env['KUBERNETES_SERVICE_HOST'] = '10.0.0.1';
  });
  afterAll(() => {
    if (kept === undefined) delete process.env['KUBERNETES_SERVICE_HOST'];
    else process.env['KUBERNETES_SERVICE_HOST'] = kept;
  });

  test('reading works', () => {
    using self = Cgroup.self();
    expect(self.path).toBe(ROOT);
    expect(self.limits().max).toBe(LIMIT);
    const usage = self.usage();
    expect(usage.limitBytes).toBe(LIMIT);
    expect(usage.usageBytes).toBeGreaterThan(10 * 2 ** 20);
    expect(usage.workingSetBytes).toBeLessThanOrEqual(usage.usageBytes);
    expect(usage.percent).toBeCloseTo((usage.usageBytes / LIMIT) * 100);
    expect(self.stat()['anon']).toBeGreaterThan(2 ** 20);
    expect(self.peak()).toBeGreaterThanOrEqual(usage.usageBytes - 2 ** 20);
    expect(self.pids()).toContain(process.pid);
  });

  test('the effective limit is what can be seen of it', () => {
    using self = Cgroup.self();
    const ram = totalmem();
    expect(self.effectiveLimits()).toEqual({
      maxBytes: Math.min(LIMIT, ram),
      maxPath: LIMIT <= ram ? ROOT : null,
      maxBy: LIMIT <= ram ? 'cgroup' : 'ram',
      highBytes: Number.POSITIVE_INFINITY,
      highPath: null,
      ramBytes: ram,
      complete: false,
    });
  });

  test('creating and limiting say what to add to the container', async () => {
    const cure = refused(
      'NO_PERMISSION',
      /(?:read-only file system|mounted read-only).*Kubernetes container: .*cgroup_writable/i,
    );
    // One of the parents that memcage considered.
    expect(() => Cgroup.create('inner')).toThrow(
      refused('NO_PARENT', /read-only.*Kubernetes container: .*cgroup_writable/i),
    );
    expect(() => Cgroup.create('inner', { parent: ROOT })).toThrow(cure);
    await expect(run('true', [], { memory: '50M', parent: ROOT })).rejects.toEqual(cure);
    expect(() => createCage({ memory: '50M', parent: ROOT })).toThrow(cure);
    using self = Cgroup.self();
    expect(() => self.setLimits('900M')).toThrow(cure);
    expect(() => self.add(process.pid)).toThrow(cure);
    expect(existsSync(`${ROOT}/inner`)).toBe(false);
    expect(self.limits().max).toBe(LIMIT);
  });

  test('children without a cage start', async () => {
    const child = spawn('true', []);
    await new Promise((resolve) => child.once('exit', resolve));
    expect(child.exitCode).toBe(0);
  });

  test('the namespace ends at its root', () => {
    expect(readFileSync('/proc/self/cgroup', 'utf8')).toBe('0::/\n');
    expect(() => Cgroup.find('engine')).toThrow(refused('NO_CGROUP', /No cgroup below \/sys\/fs\/cgroup/));
    expect(() => Cgroup.open('/engine')).toThrow(refused('NO_CGROUP', /engine/));
  });
});
