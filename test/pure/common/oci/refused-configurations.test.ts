import { limitsFromOci } from '../../../../lib/common/oci/limits-from-oci';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

describe('limitsFromOci, what is wrong', () => {
  const INVALID = 'ERR_MEMCAGE_INVALID_ARGUMENT';

  testRows(
    'values',
    [
      ['memory', { memory: [] }],
      ['memory', { memory: null }],
      ['memory.limit', { memory: { limit: '100M' } }],
      ['memory', { memory: undefined }],
      ['memory.limit', { memory: { limit: undefined } }],
      ['memory.limit', { memory: { limit: null } }],
      ['memory.limit', { memory: { limit: 1.5 } }],
      ['memory.limit', { memory: { limit: 10n } }],
      ['memory.limit', { memory: { limit: Number.NaN } }],
      ['memory.limit', { memory: { limit: Number.POSITIVE_INFINITY } }],
      ['memory.limit', { memory: { limit: 0 } }],
      ['memory.limit', { memory: { limit: 4095 } }],
      ['memory.limit', { memory: { limit: -2 } }],
      ['memory.limit', { memory: { limit: 2 ** 53 } }],
      ['memory.limit', { memory: { limit: 2 ** 64 } }],
      ['memory.reservation', { memory: { reservation: 0 } }],
      ['memory.swap', { memory: { swap: 8192 } }],
      ['memory.swap', { memory: { limit: -1, swap: 8192 } }],
      ['memory.swap', { memory: { limit: 8192, swap: 8191 } }],
      ['memory.swap', { memory: { limit: 8192, swap: 0 } }],
      ['memory.kernel', { memory: { kernel: -5 } }],
      ['memory.swappiness', { memory: { swappiness: 101 } }],
      ['memory.swappiness', { memory: { swappiness: -1 } }],
      ['memory.disableOOMKiller', { memory: { disableOOMKiller: 1 } }],
      ['cpu.shares', { cpu: { shares: -1 } }],
      ['cpu.quota', { cpu: { quota: 0 } }],
      ['cpu.quota', { cpu: { quota: 999 } }],
      ['cpu.quota', { cpu: { quota: -2 } }],
      ['cpu.period', { cpu: { quota: 5000, period: 0 } }],
      ['cpu.period', { cpu: { period: 999 } }],
      ['cpu.period', { cpu: { period: 1_000_001 } }],
      ['cpu.cpus', { cpu: { cpus: 3 } }],
      ['cpu.idle', { cpu: { idle: 2 } }],
      ['pids.limit', { pids: { limit: -2 } }],
      ['pids.limit', { pids: { limit: 4_194_305 } }],
      ['blockIO.weight', { blockIO: { weight: 65_536 } }],
      ['blockIO.weightDevice[0].minor', { blockIO: { weightDevice: [{ major: 8 }] } }],
      [
        'blockIO.throttleReadBpsDevice[1].rate',
        {
          blockIO: {
            throttleReadBpsDevice: [
              { major: 8, minor: 0, rate: 1 },
              { major: 8, minor: 0 },
            ],
          },
        },
      ],
      ['hugepageLimits', { hugepageLimits: {} }],
      ['hugepageLimits[0].limit', { hugepageLimits: [{ pageSize: '2MB' }] }],
      ['network.classID', { network: { classID: 2 ** 32 } }],
      ['rdma.a.hcaHandles', { rdma: { a: { hcaHandles: '3' } } }],
      ['devices[0].allow', { devices: [{ access: 'rwm' }] }],
      ['devices[0]', { devices: ['a *:* rwm'] }],
      ['unified["memory.max"]', { unified: { 'memory.max': 5 } }],
    ] as [string, object][],
    ([name, resources]) => {
      const error = thrown(() => limitsFromOci(resources));
      expect(error).toMatchObject({ name: 'TypeError', code: INVALID });
      expect(error.message).toContain(` for linux.resources.${name} but received `);
    },
  );

  testRows(
    'texts of unified',
    [
      ['memory.max', ''],
      ['memory.max', '-1'],
      ['memory.max', '0'],
      ['memory.max', '100 MiB'],
      ['memory.max', 'unlimited'],
      ['memory.max', '0x1000'],
      ['memory.oom.group', 'true'],
      ['pids.max', '1e3'],
      ['pids.max', '-1'],
      ['cpu.max', '0.5'],
      ['cpu.max', '50000 999'],
      ['cpu.max', '50000 100000 1'],
      ['cpu.max', '999'],
      ['cpu.weight', '0'],
      ['cpu.weight', '10001'],
      ['cpu.weight', 'idle'],
    ] as [string, string][],
    ([file, text]) => {
      const error = thrown(() => limitsFromOci({ unified: { [file]: text } }));
      expect(error).toMatchObject({ name: 'TypeError', code: INVALID });
      expect(error.message).toContain(` for linux.resources.unified["${file}"] but received `);
    },
  );

  testRows(
    'names that the specification does not have',
    [
      ['linux.resources.memroy', "did you mean 'linux.resources.memory'", { memroy: {} }],
      ['linux.resources.Memory', "did you mean 'linux.resources.memory'", { Memory: 5 }],
      ['linux.resources.memory.max', 'linux.resources.memory has limit, reservation', { memory: { max: 5 } }],
      [
        'linux.resources.devices[1].path',
        'has allow',
        { devices: [{ allow: true }, { allow: true, path: '/dev/null' }] },
      ],
      ['linux.resources.__proto__', 'has devices', '{"__proto__":{"memory":{}}}'],
      ['linux.resources.cpu.weight', 'has shares', { linux: { resources: { cpu: { weight: 5 } } } }],
      // A limit in a place where nobody would look for it.
      ['linux.resource', "did you mean 'linux.resources'", { linux: { resource: { memory: { limit: 8192 } } } }],
      ['linux.memory', "did you mean 'linux.resources.memory'", { linux: { memory: { limit: 8192 } } }],
      ['linux.limits', 'linux has uidMappings', { linux: { limits: { memory: 8192 } } }],
      ['memory', "did you mean 'linux.resources.memory'", { linux: {}, memory: { limit: 8192 } }],
      ['resources', "did you mean 'linux.resources'", { ociVersion: '1.2.0', resources: { pids: { limit: 5 } } }],
      ['Linux', "did you mean 'linux'", { ociVersion: '1.0.0', Linux: { resources: { memory: { limit: 8192 } } } }],
    ] as [string, string, object | string][],
    ([path, likely, given]) => {
      const error = thrown(() => limitsFromOci(given));
      expect(error).toMatchObject({ name: 'TypeError', code: 'ERR_MEMCAGE_UNKNOWN_OPTION' });
      expect(error.message).toContain(`Unknown option '${path}' of limitsFromOci: `);
      expect(error.message).toContain(likely);
    },
  );

  testRows(
    'configurations',
    [
      ['config', 'config.json'],
      ['config', ''],
      ['config', '[]'],
      ['config', 'null'],
      ['config', null],
      ['config', undefined],
      ['config', 5],
      ['config', Buffer.from('{}')],
      ['linux', { ociVersion: '1.0.0', windows: { resources: { memory: { limit: 5 } } } }],
      ['linux', { linux: [] }],
      ['linux.resources', { linux: { resources: null } }],
      ['linux.resources', { linux: { resources: 5 } }],
    ] as [string, never][],
    ([path, given]) => {
      const error = thrown(() => limitsFromOci(given));
      expect(error).toMatchObject({ name: 'TypeError', code: INVALID });
      expect(error.message).toContain(` for ${path} but received `);
    },
  );

  testRows(
    'options',
    [
      [INVALID, { version: 3 }],
      [INVALID, { version: '2' }],
      [INVALID, { ignore: 'linux.resources.cpu.idle' }],
      [INVALID, { ignore: [5] }],
      ['ERR_MEMCAGE_UNKNOWN_OPTION', { unsupported: 'ignore' }],
      [INVALID, null],
    ] as [string, never][],
    ([code, options]) => {
      expect(thrown(() => limitsFromOci({}, options))).toMatchObject({ code });
    },
  );

  testRows(
    'two fields that say different things',
    [
      ['unified["memory.max"]', 'memory.limit', { memory: { limit: 8192 }, unified: { 'memory.max': '4096' } }],
      [
        'unified["memory.swap.max"]',
        'memory.swap',
        { memory: { limit: 8192, swap: 8192 }, unified: { 'memory.swap.max': '4096' } },
      ],
      ['unified["pids.max"]', 'pids.limit', { pids: { limit: 5 }, unified: { 'pids.max': 'max' } }],
      ['unified["cpu.max"]', 'cpu.quota', { cpu: { quota: 5000 }, unified: { 'cpu.max': '6000' } }],
      ['unified["cpu.weight"]', 'cpu.shares', { cpu: { shares: 1024 }, unified: { 'cpu.weight': '99' } }],
    ] as [string, string, object][],
    ([path, other, resources]) => {
      const { message } = thrown(() => limitsFromOci(resources));
      expect(message).toContain(`for linux.resources.${path} but received`);
      expect(message).toContain(`the same as linux.resources.${other} says`);
    },
  );

  test('two fields that say the same', () => {
    const resources = { memory: { limit: 8192 }, pids: { limit: 5 }, unified: { 'memory.max': '8K', 'pids.max': '5' } };
    expect(limitsFromOci(resources)).toEqual({ memory: { max: 8192 }, pids: 5 });
  });
});
