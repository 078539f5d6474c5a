import { createCage, createLauncher, whyUnsupported } from 'memcage';
import { planSettings, resolveSettings, settingsIn } from '../../../../lib/process/settings/child-settings';
import { withCode } from '../../../support/error-code';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const resolve = (options: object) => resolveSettings(options, 'spawn');
const both = (value: number) => ({ soft: value, hard: value });

describe('the option rlimits', () => {
  test('takes counts, sizes, and no limit', () => {
    const rlimits = {
      nofile: 64,
      fsize: '1M',
      core: 0,
      as: 'max',
      cpu: Number.POSITIVE_INFINITY,
    };
    expect(resolve({ rlimits }).rlimits).toEqual({
      nofile: both(64),
      fsize: both(2 ** 20),
      core: both(0),
      as: both(Number.POSITIVE_INFINITY),
      cpu: both(Number.POSITIVE_INFINITY),
    });
  });

  test('takes the soft and the hard limit', () => {
    const rlimits = { nofile: { soft: 8, hard: 'max' }, stack: { soft: '8M', hard: '1G' } };
    expect(resolve({ rlimits }).rlimits).toEqual({
      nofile: { soft: 8, hard: Number.POSITIVE_INFINITY },
      stack: { soft: 8 * 2 ** 20, hard: 2 ** 30 },
    });
  });

  test('is for the addon what the kernel takes', () => {
    const rlimits = { fsize: '1M', nofile: { soft: 8, hard: 'max' } };
    expect(planSettings(resolve({ rlimits, oomScoreAdj: -0, nice: -20 }))).toEqual({
      rlimits: [
        { name: 'fsize', ...both(2 ** 20) },
        { name: 'nofile', soft: 8, hard: Number.POSITIVE_INFINITY },
      ],
      oomScoreAdj: 0,
      nice: -20,
    });
    expect(planSettings(resolve({}))).toEqual({});
  });
});

describe('the settings of a child in a cage', () => {
  test('are its own before those of the cage, limit by limit', () => {
    const cage = resolve({ rlimits: { nofile: 64, core: 0 }, nice: 5 });
    const own = resolve({ rlimits: { nofile: 128, cpu: 1 }, oomScoreAdj: 0 });
    expect(settingsIn(cage, own)).toEqual(
      resolve({ rlimits: { nofile: 128, core: 0, cpu: 1 }, oomScoreAdj: 0, nice: 5 }),
    );
    expect(settingsIn(undefined, own)).toEqual(own);
  });
});

const CALLS = {
  whyUnsupported: (options: object) => whyUnsupported(options),
  createCage: (options: object) => createCage({ memory: '100M', ...options }),
  createLauncher: (options: object) => createLauncher(options),
};

testRows(
  'settings that make no sense are refused before anything is made',
  [
    [{ rlimits: 5 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'rlimits'],
    [{ rlimits: [1] }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'rlimits'],
    [{ rlimits: { nofile: -1 } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'rlimits.nofile'],
    [{ rlimits: { nofile: 1.5 } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'rlimits.nofile'],
    [{ rlimits: { nofile: '64' } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'rlimits.nofile'],
    [{ rlimits: { nofile: 'unlimited' } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', "or 'max' for rlimits.nofile"],
    [{ rlimits: { core: 'unlimited' } }, 'ERR_MEMCAGE_INVALID_SIZE', "or 'max' for rlimits.core"],
    [{ rlimits: { nofile: null } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'rlimits.nofile'],
    [{ rlimits: { nofile: { soft: 1 } } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'rlimits.nofile.hard'],
    [{ rlimits: { nofile: { soft: 2, hard: 1 } } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'rlimits.nofile.soft'],
    [{ rlimits: { cpu: { soft: 'max', hard: 1 } } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'rlimits.cpu.soft'],
    [{ rlimits: { nofile: { max: 1 } } }, 'ERR_MEMCAGE_UNKNOWN_OPTION', 'rlimits.nofile.max'],
    [{ rlimits: { fsize: 'big' } }, 'ERR_MEMCAGE_INVALID_SIZE', 'rlimits.fsize'],
    [{ rlimits: { files: 1 } }, 'ERR_MEMCAGE_UNKNOWN_OPTION', "did you mean 'rlimits.nofile'"],
    [{ rlimits: { NOFILE: 1 } }, 'ERR_MEMCAGE_UNKNOWN_OPTION', "did you mean 'rlimits.nofile'"],
    [{ ulimit: { nofile: 1 } }, 'ERR_MEMCAGE_UNKNOWN_OPTION', "did you mean 'rlimits'"],
    [{ oom_score_adj: 1 }, 'ERR_MEMCAGE_UNKNOWN_OPTION', "did you mean 'oomScoreAdj'"],
    [{ niceness: 1 }, 'ERR_MEMCAGE_UNKNOWN_OPTION', "did you mean 'nice'"],
    [{ oomScoreAdj: 1001 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'oomScoreAdj'],
    [{ oomScoreAdj: '5' }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'oomScoreAdj'],
    [{ nice: 20 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'nice'],
    [{ nice: -21 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'nice'],
    [{ privileges: 1 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'privileges'],
    [{ privileges: { noNewPrivileges: 1 } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'privileges.noNewPrivileges'],
    [{ privileges: { noNewPrivs: true } }, 'ERR_MEMCAGE_UNKNOWN_OPTION', "did you mean 'privileges.noNewPrivileges'"],
    [{ privileges: { capabilities: 'chown' } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'privileges.capabilities'],
    [{ privileges: { capabilities: ['net_rew'] } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', "did you mean 'net_raw'"],
    [{ privileges: { capabilities: [5] } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'privileges.capabilities'],
    [{ privileges: { seccomp: 'x' } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'privileges.seccomp'],
    [{ privileges: { seccomp: new Uint8Array(9) } }, 'ERR_MEMCAGE_INVALID_ARGUMENT', '9 bytes are not'],
    [{ seccomp: 1 }, 'ERR_MEMCAGE_UNKNOWN_OPTION', "did you mean 'privileges'"],
    [{ nice: 0.5 }, 'ERR_MEMCAGE_INVALID_ARGUMENT', 'nice'],
  ] as const,
  ([options, code, words]) => {
    for (const call of Object.values(CALLS)) {
      expect(thrown(() => call(options))).toEqual(withCode(code.slice('ERR_MEMCAGE_'.length), words));
    }
  },
);
