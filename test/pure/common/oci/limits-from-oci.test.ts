import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { resolveCageLimits, resolveLimits } from '../../../../lib/cgroup/limits/resolve-limits';
import type { MemcageError } from '../../../../lib/common/errors/errors';
import { limitsFromOci, type OciOptions } from '../../../../lib/common/oci/limits-from-oci';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const MIB = 2 ** 20;
const V1 = { version: 1 } as const;

function config(name: string): string {
  return readFileSync(join(__dirname, `../../../fixtures/common/oci/${name}.json`), 'utf8');
}

/** What becomes of it, with the fields that nothing holds. */
function translated(resources: object, options: OciOptions = {}): { limits: object; unheld: readonly string[] } {
  try {
    return { limits: limitsFromOci(resources, options), unheld: [] };
  } catch (error) {
    const { paths: unheld = [] } = error as MemcageError;
    if (unheld.length === 0) throw error;
    return { limits: limitsFromOci(resources, { ...options, ignore: unheld }), unheld };
  }
}

describe('limitsFromOci, whole configurations', () => {
  test('what `runc spec` writes limits nothing', () => {
    expect(limitsFromOci(config('runc-spec'))).toEqual({});
  });

  test('without `linux`, or without its `resources`, limits nothing', () => {
    expect(limitsFromOci({ ociVersion: '1.0.2', root: { path: 'rootfs' }, hostname: 'a' })).toEqual({});
    expect(limitsFromOci({ ociVersion: '1.0.2', linux: {} })).toEqual({});
  });

  test('of Docker', () => {
    const common = { pids: 100, cpu: { max: 1.5, set: '0-2,4' } };
    expect(limitsFromOci(config('docker'))).toEqual({
      memory: { max: 512 * MIB, low: 256 * MIB, swap: 512 * MIB },
      ...common,
    });
    expect(limitsFromOci(config('docker'), V1)).toEqual({
      memory: { max: 512 * MIB, soft: 256 * MIB, swap: 512 * MIB, oomKill: true },
      ...common,
    });
  });

  test('of containerd, for Kubernetes', () => {
    expect(thrown(() => limitsFromOci(config('containerd')))).toMatchObject({
      code: 'ERR_MEMCAGE_UNSUPPORTED',
      message: expect.stringContaining('does not hold linux.resources.hugepageLimits. Cure: ') as string,
    });
    expect(translated(JSON.parse(config('containerd')) as object)).toEqual({
      limits: {
        memory: { max: 128 * MIB, swap: 0, high: 127506841, low: 0, min: 64 * MIB, oomGroup: true },
        cpu: { max: 0.5, weight: 35 },
      },
      unheld: ['linux.resources.hugepageLimits'],
    });
  });

  test('text, the whole object and linux.resources give the same', () => {
    const whole = JSON.parse(config('docker')) as { linux: { resources: object } };
    const fromText = limitsFromOci(config('docker'));
    expect(limitsFromOci(whole)).toEqual(fromText);
    expect(limitsFromOci(whole.linux.resources)).toEqual(fromText);
    expect(limitsFromOci(JSON.stringify(whole.linux.resources))).toEqual(fromText);
    expect(whole).toEqual(JSON.parse(config('docker')));
  });

  testRows(
    'the least and the most are what memcage\u2019s options take, and no more is',
    [
      [{ pids: { limit: 1 } }, { pids: { limit: 2 ** 22 + 1 } }],
      [{ pids: { limit: 2 ** 22 } }, { unified: { 'pids.max': '4194305' } }],
      [{ cpu: { quota: 1000, period: 100_000 } }, { cpu: { quota: 1000, period: 100_001 } }],
      [{ cpu: { shares: 2 } }, { unified: { 'cpu.weight': '0' } }],
      [{ cpu: { shares: 2 ** 20 } }, { unified: { 'cpu.weight': '10001' } }],
      [{ unified: { 'cpu.weight': '10000' } }, { unified: { 'cpu.max': '1000 100001' } }],
    ] as [object, object][],
    ([most, more]) => {
      for (const version of 'unified' in most ? ([2] as const) : ([1, 2] as const)) {
        const { pids, cpu } = limitsFromOci(most, { version });
        expect(resolveCageLimits({ memory: undefined, pids, cpu }, 'spawn')).toBeDefined();
      }
      expect(() => limitsFromOci(more)).toThrow();
    },
  );

  testRows('nothing to limit', [{}, { linux: {} }, { ociVersion: '1.0.0', linux: { resources: {} } }], (given) => {
    expect(limitsFromOci(given)).toEqual({});
  });
});

describe('limitsFromOci, each field', () => {
  testRows(
    'is translated',
    [
      [{ memory: { limit: 104857600 } }, { memory: { max: 104857600 } }],
      [{ memory: { limit: -1 } }, { memory: { max: 'max' } }],
      // As cgroup v1 shows "unlimited", which JavaScript reads with a loss.
      ['{"memory":{"limit":9223372036854771712}}', { memory: { max: 'max' } }],
      ['{"memory":{"limit":9223372036854775807}}', { memory: { max: 'max' } }],
      [{ memory: { reservation: 4096 } }, { memory: { low: 4096 } }],
      [{ memory: { reservation: -1 } }, { memory: { low: 'max' } }],
      [{ memory: { reservation: 4096 } }, { memory: { soft: 4096 } }, V1],
      [{ memory: { reservation: -1 } }, { memory: { soft: 'max' } }, V1],
      [{ memory: { limit: 8192, swap: 20480 } }, { memory: { max: 8192, swap: 12288 } }],
      [{ memory: { limit: 8192, swap: 8192 } }, { memory: { max: 8192, swap: 0 } }],
      [{ memory: { limit: 8192, swap: 8193 } }, { memory: { max: 8192, swap: 0 } }],
      [{ memory: { limit: 8192, swap: -1 } }, { memory: { max: 8192, swap: 'max' } }],
      [{ memory: { limit: 8192, swap: -1 } }, { memory: { max: 8192, swap: 'max' } }, V1],
      [{ memory: { limit: -1, swap: -1 } }, { memory: { max: 'max', swap: 'max' } }],
      [{ memory: { swap: -1 } }, { memory: { swap: 'max' } }],
      [{ memory: { swap: -1 } }, {}, V1],
      [{ memory: { kernel: -1, kernelTCP: -1 } }, {}],
      [{ memory: { swappiness: 0 } }, { memory: { swappiness: 0 } }, V1],
      [{ memory: { swappiness: 100 } }, { memory: { swappiness: 100 } }, V1],
      [{ memory: { disableOOMKiller: true } }, { memory: { oomKill: false } }, V1],
      [{ memory: { disableOOMKiller: false } }, { memory: { oomKill: true } }, V1],
      [{ memory: { disableOOMKiller: false } }, {}],
      [{ memory: { useHierarchy: true, checkBeforeUpdate: true } }, {}],
      [{ memory: { checkBeforeUpdate: false } }, {}],
      [{ cpu: { shares: 0 } }, {}],
      [{ cpu: { shares: 1 } }, { cpu: { weight: 1 } }],
      [{ cpu: { shares: 2 } }, { cpu: { weight: 1 } }],
      [{ cpu: { shares: 3 } }, { cpu: { weight: 2 } }],
      [{ cpu: { shares: 512 } }, { cpu: { weight: 59 } }],
      [{ cpu: { shares: 1024 } }, { cpu: { weight: 100 } }],
      [{ cpu: { shares: 262143 } }, { cpu: { weight: 10_000 } }],
      [{ cpu: { shares: 262144 } }, { cpu: { weight: 10_000 } }],
      [{ cpu: { shares: 1e12 } }, { cpu: { weight: 10_000 } }],
      [{ cpu: { shares: 2 } }, { cpu: { weight: 1 } }, V1],
      [{ cpu: { shares: 512 } }, { cpu: { weight: 50 } }, V1],
      [{ cpu: { shares: 1024 } }, { cpu: { weight: 100 } }, V1],
      [{ cpu: { shares: 262144 } }, { cpu: { weight: 10_000 } }, V1],
      [{ cpu: { quota: 50_000 } }, { cpu: { max: 0.5 } }],
      [{ cpu: { quota: 50_000, period: 20_000 } }, { cpu: { max: 2.5 } }],
      [{ cpu: { quota: 1000, period: 100_000 } }, { cpu: { max: 0.01 } }],
      [{ cpu: { quota: -1, period: 20_000 } }, { cpu: { max: 'max' } }],
      [{ cpu: { period: 1_000_000 } }, {}],
      [{ cpu: { burst: 0, realtimeRuntime: 0, realtimePeriod: 0, mems: '', cpus: '', idle: 0 } }, {}],
      [{ cpu: { cpus: ' 0-3,7\n' } }, { cpu: { set: '0-3,7' } }],
      [{ pids: {} }, {}],
      [{ pids: { limit: 1 } }, { pids: 1 }],
      [{ pids: { limit: 4_194_304 } }, { pids: 4_194_304 }],
      [{ pids: { limit: -1 } }, { pids: 'max' }],
      [{ blockIO: { weight: 0, leafWeight: 0, weightDevice: [], throttleReadBpsDevice: [] } }, {}],
      [{ hugepageLimits: [], network: { classID: 0, priorities: [] }, rdma: {}, unified: {} }, {}],
      [{ network: {}, blockIO: {}, cpu: {}, memory: {} }, {}],
      [{ devices: [] }, {}],
      [{ devices: [{ allow: true, access: 'rwm' }] }, {}],
      [{ devices: [{ allow: false, type: 'b', major: 8, minor: 0, access: 'r' }] }, {}],
    ] as [object | string, object, OciOptions?][],
    ([resources, limits, options]) => {
      expect(limitsFromOci(resources, options)).toEqual(withMax(limits));
    },
  );

  testRows(
    'of unified is translated',
    [
      ['memory.max', '1048576', { memory: { max: 1048576 } }],
      ['memory.max', 'max', { memory: { max: 'max' } }],
      ['memory.max', '100M', { memory: { max: 104857600 } }],
      ['memory.max', ' 1g\n', { memory: { max: 2 ** 30 } }],
      ['memory.high', '1048576', { memory: { high: 1048576 } }],
      ['memory.low', '0', { memory: { low: 0 } }],
      ['memory.low', 'max', { memory: { low: 'max' } }],
      ['memory.min', '4096', { memory: { min: 4096 } }],
      ['memory.swap.max', '0', { memory: { swap: 0 } }],
      ['memory.swap.high', '4096', { memory: { swapHigh: 4096 } }],
      ['memory.zswap.max', '0', { memory: { zswap: 0 } }],
      ['memory.oom.group', '1', { memory: { oomGroup: true } }],
      ['memory.oom.group', '0', { memory: { oomGroup: false } }],
      ['pids.max', '20', { pids: 20 }],
      ['pids.max', 'max', { pids: 'max' }],
      ['cpu.max', '50000 20000', { cpu: { max: 2.5 } }],
      ['cpu.max', '50000', { cpu: { max: 0.5 } }],
      ['cpu.max', 'max 100000', { cpu: { max: 'max' } }],
      ['cpu.max', 'max', { cpu: { max: 'max' } }],
      ['cpu.weight', '1', { cpu: { weight: 1 } }],
      ['cpu.weight', '10000', { cpu: { weight: 10_000 } }],
      ['cpuset.cpus', '0-1\n', { cpu: { set: '0-1' } }],
      ['cpuset.cpus', '', {}],
    ] as [string, string, object][],
    ([file, text, limits]) => {
      expect(limitsFromOci({ unified: { [file]: text } })).toEqual(withMax(limits));
      const path = `linux.resources.unified["${file}"]`;
      expect(translated({ unified: { [file]: text } }, V1)).toEqual({ limits: {}, unheld: [path] });
    },
  );
});

describe('limitsFromOci, what nothing holds', () => {
  testRows(
    'is an error that names it, unless it is accepted',
    [
      ['memory.kernel', { memory: { kernel: 1048576 } }],
      ['memory.kernelTCP', { memory: { kernelTCP: 1048576 } }],
      ['memory.swappiness', { memory: { swappiness: 60 } }],
      ['memory.disableOOMKiller', { memory: { disableOOMKiller: true } }],
      ['memory.useHierarchy', { memory: { useHierarchy: false } }],
      ['cpu.burst', { cpu: { quota: 5000, burst: 1000 } }, { cpu: { max: 0.05 } }],
      ['cpu.quota', { cpu: { quota: 1000, period: 1_000_000 } }],
      ['cpu.realtimeRuntime', { cpu: { realtimeRuntime: -1 } }],
      ['cpu.realtimePeriod', { cpu: { realtimePeriod: 1_000_000 } }],
      ['cpu.mems', { cpu: { mems: '0' } }],
      ['cpu.idle', { cpu: { idle: 1 } }],
      ['pids.limit', { pids: { limit: 0 } }],
      ['blockIO.weight', { blockIO: { weight: 10 } }],
      ['blockIO.leafWeight', { blockIO: { leafWeight: 10 } }],
      ['blockIO.weightDevice', { blockIO: { weightDevice: [{ major: 8, minor: 0, weight: 500 }] } }],
      ...(['throttleReadBpsDevice', 'throttleWriteBpsDevice', 'throttleReadIOPSDevice'] as const).map((name) => [
        `blockIO.${name}`,
        { blockIO: { [name]: [{ major: 8, minor: 0, rate: 600 }] } },
      ]),
      ['blockIO.throttleWriteIOPSDevice', { blockIO: { throttleWriteIOPSDevice: [{ major: 8, minor: 16, rate: 0 }] } }],
      ['hugepageLimits', { hugepageLimits: [{ pageSize: '2MB', limit: 0 }] }],
      ['network.classID', { network: { classID: 1048577 } }],
      ['network.priorities', { network: { priorities: [{ name: 'eth0', priority: 500 }] } }],
      ['rdma.mlx5_1', { rdma: { mlx5_1: { hcaHandles: 3 } } }],
      ['rdma["a b"]', { rdma: { 'a b': {} } }],
      ['unified["io.max"]', { unified: { 'io.max': '8:0 rbps=1' } }],
      ['unified["hugetlb.1GB.max"]', { unified: { 'hugetlb.1GB.max': '1073741824' } }],
      ['unified.toString', { unified: { toString: '1' } }],
      ['unified["a\\u202eb\\n"]', { unified: { 'a\u202eb\n': '1' } }],
    ] as [string, object, object?][],
    ([name, resources, limits = {}]) => {
      const path = `linux.resources.${name}`;
      expect(thrown(() => limitsFromOci(resources))).toMatchObject({
        code: 'ERR_MEMCAGE_UNSUPPORTED',
        message: expect.stringContaining(`memcage does not hold ${path}`) as string,
        cure: expect.stringContaining('ignore') as string,
      });
      expect(translated(resources)).toEqual({ limits, unheld: [path] });
    },
  );

  test('all are named at once, each with its reason', () => {
    const resources = {
      memory: { swappiness: 1, limit: 8192 },
      blockIO: { weight: 10 },
      unified: { 'io.weight': '10' },
      pids: { limit: 0 },
    };
    expect(thrown(() => limitsFromOci(resources)).message).toBe(
      'memcage does not hold linux.resources.memory.swappiness (cgroup v1 only), linux.resources.pids.limit (with 0 no ' +
        'child can start), linux.resources.unified["io.weight"], linux.resources.blockIO.weight. Cure: leave them out of ' +
        'the configuration, or name them in the option ignore',
    );
    expect(translated(resources).limits).toEqual({ memory: { max: 8192 } });
  });

  test('what is ignored is left out, and anything else is still an error', () => {
    const resources = { pids: { limit: 5 }, blockIO: { weight: 10 }, cpu: { idle: 1 } };
    const idle = 'linux.resources.cpu.idle';
    const weight = 'linux.resources.blockIO.weight';
    expect(limitsFromOci(resources, { ignore: [weight, idle, 'linux.resources.pids.limit'] })).toEqual({ pids: 5 });
    expect(thrown(() => limitsFromOci(resources, { ignore: [weight] }))).toMatchObject({ paths: [idle] });
    expect(thrown(() => limitsFromOci(resources, { ignore: ['linux.resources.cpu'] }))).toMatchObject({
      paths: expect.arrayContaining([idle, weight]) as string[],
    });
  });
});

describe('limitsFromOci, any values', () => {
  const bytes = fc.oneof(fc.constant(-1), fc.integer({ min: 4096, max: Number.MAX_SAFE_INTEGER }));

  test('memory that comes out is memory that memcage takes, and never more than was asked for', () => {
    const memory = fc.record({ limit: bytes, reservation: bytes, swap: bytes }, { requiredKeys: ['limit'] });
    fc.assert(
      fc.property(memory, fc.constantFrom(1 as const, 2 as const), (given, version) => {
        const { limit, swap } = given;
        fc.pre(swap === undefined || swap === -1 || (limit !== -1 && swap >= limit));
        const { max = 0, swap: alone } = resolveLimits(limitsFromOci({ memory: given }, { version }).memory ?? {}, {
          of: 'test',
        });
        expect(max).toBe(limit === -1 ? Number.POSITIVE_INFINITY : limit);
        if (swap !== undefined && swap !== -1) expect(max + (alone ?? 0)).toBeLessThanOrEqual(swap);
      }),
    );
  });

  test('more shares are never less weight, within the bounds', () => {
    const shares = fc.integer({ min: 1, max: 300_000 });
    fc.assert(
      fc.property(shares, shares, fc.constantFrom(1 as const, 2 as const), (one, other, version) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)].map(
          (each) => limitsFromOci({ cpu: { shares: each } }, { version }).cpu?.weight ?? 0,
        ) as [number, number];
        expect(less).toBeGreaterThanOrEqual(1);
        expect(more).toBeGreaterThanOrEqual(less);
        expect(more).toBeLessThanOrEqual(10_000);
      }),
    );
  });

  test('whatever it is given, it returns limits or throws an error with a code', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.object()), (given) => {
        try {
          expect(limitsFromOci(given)).toEqual({});
        } catch (error) {
          expect((error as { code?: string }).code).toMatch(/^ERR_MEMCAGE_/);
        }
      }),
    );
  });
});

/** A cage says its hard limit, also where the configuration has none. */
function withMax(limits: { memory?: object }): object {
  return limits.memory === undefined ? limits : { ...limits, memory: { max: 'max', ...limits.memory } };
}
