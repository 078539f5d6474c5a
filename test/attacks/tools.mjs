// What runs the attacks: nothing, memcage, and the sandboxes that this machine has, each with what its own manual has for
// programs that nobody trusts. No tool gets a filter that was written for this: only what it brings.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { version as cgroups } from './outer.mjs';

const MEMORY = 32 * 2 ** 20;
const PIDS = 32;
const FILES = 64;
const NOBODY = 65534;
/** What a program of the system needs, as a link or a directory. */
const SYSTEM = ['/usr', '/bin', '/lib', '/lib64'].filter(existsSync);
const PATH = '/usr/bin:/bin';

/**
 * @typedef {object} Trial
 * @property {string} directory what the program is given, at the same path
 * @property {string[]} command
 * @property {number} wallMs
 * @property {number} cpuSeconds
 * @property {ReturnType<import('./outer.mjs').makeOuter>} outer
 * @property {boolean} isRoot
 * @property {string} scratch a directory for the tool's own files
 */

/**
 * @typedef {object} Tool
 * @property {string[]} [version] says which it is
 * @property {(trial: Trial) => string[]} command
 * @property {(trial: Trial) => Record<string, string>} [env]
 * @property {RegExp} [verdict] where its stderr says how the program ended
 * @property {(trial: Trial) => string[]} [after] ends what is left of it
 */

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const seconds = (ms) => String(Math.ceil(ms / 1000));
const each = (flag, values) => values.flatMap((value) => [flag, value]);

/** Its user inside, and outside if that may be another. */
const nobody = (isRoot) => (isRoot ? `${NOBODY}:${NOBODY}` : String(NOBODY));

/** @type {Record<string, Tool>} */
export const tools = {
  none: { command: ({ command }) => command },

  memcage: {
    version: ['node', '-p', `'memcage ' + require('${here('../../package.json')}').version`],
    command: ({ directory, command, wallMs, cpuSeconds }) => [
      ...[process.execPath, here('caged.mjs'), directory, String(wallMs), String(cpuSeconds), ...command],
    ],
    env: ({ outer }) => ({ MEMCAGE_PARENT: outer.cages }),
    verdict: /^ERR_.*/m,
  },

  // The same from the command line, whose command has the caller's stdin and stdout.
  'memcage-run': {
    version: ['node', '-p', `'memcage ' + require('${here('../../package.json')}').version`],
    command: ({ directory, command, wallMs, cpuSeconds }) => [
      ...[
        process.execPath,
        here('../../dist/cli.js'),
        'run',
        '--untrusted',
        '-m',
        String(MEMORY),
        '--pids',
        String(PIDS),
      ],
      ...[
        '--cpu-time',
        `${cpuSeconds}s`,
        '--timeout',
        `${wallMs}ms`,
        '--bind',
        `${directory}:${directory}:ro`,
        '--',
        ...command,
      ],
    ],
    env: ({ outer }) => ({ MEMCAGE_PARENT: outer.cages }),
    verdict: /limit of/,
  },

  // Its README and demos/bubblewrap-shell.sh. It limits nothing.
  bwrap: {
    version: ['bwrap', '--version'],
    command: ({ directory, command }) => [
      ...[
        'bwrap',
        '--unshare-all',
        '--unshare-user',
        '--disable-userns',
        '--uid',
        String(NOBODY),
        '--gid',
        String(NOBODY),
      ],
      ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--hostname', 'sandbox'],
      ...['--clearenv', '--setenv', 'PATH', PATH, ...SYSTEM.flatMap((path) => ['--ro-bind', path, path])],
      ...['--proc', '/proc', '--dev', '/dev', '--size', String(8 * 2 ** 20), '--tmpfs', '/tmp'],
      ...['--ro-bind', directory, directory, '--remount-ro', '/', '--chdir', '/tmp', '--', ...command],
    ],
  },

  // Its README, with the limits of its cgroups.
  nsjail: {
    version: ['sh', '-c', 'command -v nsjail && echo nsjail'],
    command: ({ directory, command, wallMs, cpuSeconds, outer, isRoot }) => [
      ...['nsjail', '--really_quiet', '-Mo', '--user', nobody(isRoot), '--group', nobody(isRoot)],
      ...[
        '--time_limit',
        seconds(wallMs),
        '--rlimit_cpu',
        String(cpuSeconds),
        '--rlimit_fsize',
        '4',
        '--rlimit_nofile',
        String(FILES),
      ],
      ...['--rlimit_memlock', '0', '--rlimit_msgqueue', '0', '--max_cpus', '1', '--oom_score_adj', '1000'],
      ...['--cgroup_mem_max', String(MEMORY), '--cgroup_mem_swap_max', '0', '--cgroup_pids_max', String(PIDS)],
      ...(cgroups === 2
        ? ['--use_cgroupv2', '--cgroupv2_mount', outer.cages]
        : ['--cgroup_mem_parent', outer.paths.memory, '--cgroup_pids_parent', outer.paths.pids]),
      ...[...each('-R', SYSTEM), '-R', directory, '-R', '/dev/null', '-m', `none:/tmp:tmpfs:size=${8 * 2 ** 20}`],
      ...['--cwd', '/tmp', '--env', `PATH=${PATH}`, '--', ...command],
    ],
  },

  // Its manual page: what it has for programs of which nothing is known.
  firejail: {
    version: ['firejail', '--version'],
    command: ({ directory, command, wallMs, cpuSeconds, isRoot }) => [
      ...['firejail', '--quiet', '--profile=default', '--private', '--private-tmp', '--private-dev', '--private-cwd'],
      ...['--private-etc=ld.so.cache', '--private-srv=none', '--disable-mnt', `--read-only=${directory}`],
      ...['--net=none', '--ipc-namespace', '--hostname=sandbox', '--dbus-user=none', '--dbus-system=none'],
      ...['--caps.drop=all', '--nonewprivs', '--seccomp.block-secondary', '--restrict-namespaces'],
      ...(isRoot ? [] : ['--noroot', '--nogroups']),
      ...[`--rlimit-as=${MEMORY}`, `--rlimit-nproc=${PIDS}`, `--rlimit-nofile=${FILES}`, `--rlimit-cpu=${cpuSeconds}`],
      ...[`--rlimit-fsize=${4 * 2 ** 20}`, `--timeout=${new Date(wallMs).toISOString().slice(11, 19)}`],
      ...['--rmenv=SECRET', '--deterministic-exit-code', '--deterministic-shutdown', '--', ...command],
    ],
  },

  // systemd.exec and systemd.resource-control: all that `systemd-analyze security` asks for.
  'systemd-run': {
    // Where systemd runs: sd_booted(3).
    version: ['sh', '-c', 'test -d /run/systemd/system && systemd-run --version'],
    command: ({ directory, command, wallMs, cpuSeconds, isRoot }) => [
      ...['systemd-run', ...(isRoot ? [] : ['--user']), '--wait', '--pipe', '--collect'],
      ...each('-p', [
        ...[
          `MemoryMax=${MEMORY}`,
          'MemorySwapMax=0',
          `TasksMax=${PIDS}`,
          'CPUQuota=100%',
          `RuntimeMaxSec=${seconds(wallMs)}`,
        ],
        ...[
          `LimitNOFILE=${FILES}`,
          'LimitFSIZE=4M',
          'LimitCORE=0',
          'LimitMEMLOCK=0',
          `LimitCPU=${cpuSeconds}`,
          'OOMScoreAdjust=1000',
        ],
        ...(isRoot ? ['User=nobody'] : ['PrivateUsers=yes']),
        // Neither ProtectSystem and ProtectHome nor DynamicUser, which implies them: they show again what the empty root hides.
        ...[
          'TemporaryFileSystem=/tmp:mode=1777,size=8M',
          'PrivateDevices=yes',
          'PrivateNetwork=yes',
          'TimeoutStopSec=1',
        ],
        ...['PrivateIPC=yes', 'PrivatePIDs=yes', 'ProtectProc=invisible', 'ProcSubset=pid', 'ProtectHostname=yes'],
        ...['ProtectClock=yes', 'ProtectKernelTunables=yes', 'ProtectKernelModules=yes', 'ProtectKernelLogs=yes'],
        ...[
          'ProtectControlGroups=yes',
          'RestrictNamespaces=yes',
          'RestrictAddressFamilies=AF_UNIX',
          'RestrictSUIDSGID=yes',
        ],
        ...[
          'RestrictRealtime=yes',
          'LockPersonality=yes',
          'NoNewPrivileges=yes',
          'CapabilityBoundingSet=',
          'RemoveIPC=yes',
        ],
        ...['KeyringMode=private', 'SystemCallArchitectures=native', 'SystemCallFilter=@system-service', 'UMask=0077'],
        ...[
          'TemporaryFileSystem=/:ro',
          `BindReadOnlyPaths=${[...SYSTEM, directory].join(' ')}`,
          'SystemCallErrorNumber=EPERM',
        ],
      ]),
      ...['--', ...command],
    ],
    verdict: /result: .*/,
    env: () => ({ XDG_RUNTIME_DIR: `/run/user/${1000}` }),
  },

  // `runc spec`, as it is, with a user, limits, and a root of binds.
  runc: {
    version: ['runc', '--version'],
    command: (trial) => {
      const bundle = join(trial.scratch, 'bundle');
      mkdirSync(join(bundle, 'rootfs'), { recursive: true });
      writeFileSync(join(bundle, 'config.json'), JSON.stringify(configuration(trial, bundle)));
      return ['runc', '--root', join(trial.scratch, 'runc'), 'run', '--bundle', bundle, nameOf(trial)];
    },
    after: (trial) => ['runc', '--root', join(trial.scratch, 'runc'), 'delete', '--force', nameOf(trial)],
  },
};

const nameOf = ({ scratch }) => `attacks-${scratch.split('-').at(-1)}`;

function configuration({ directory, command, cpuSeconds, outer, isRoot, scratch }, bundle) {
  const made = join(bundle, 'config.json');
  rmSync(made, { force: true });
  const { status, stderr } = spawnSync('runc', ['spec', ...(isRoot ? [] : ['--rootless'])], { cwd: bundle });
  if (status !== 0) throw new Error(String(stderr));
  const spec = JSON.parse(readFileSync(made, 'utf8'));
  const bind = (path) => ({
    source: path,
    destination: path,
    type: 'bind',
    options: ['rbind', 'ro', 'nosuid', 'nodev'],
  });
  const limit = (type, value) => ({ type, hard: value, soft: value });
  return {
    ...spec,
    process: {
      ...spec.process,
      terminal: false,
      user: isRoot ? { uid: NOBODY, gid: NOBODY } : spec.process.user,
      args: command,
      env: [`PATH=${PATH}`],
      cwd: '/tmp',
      capabilities: { bounding: [], effective: [], permitted: [] },
      noNewPrivileges: true,
      oomScoreAdj: 1000,
      rlimits: [
        ...[
          limit('RLIMIT_NOFILE', FILES),
          limit('RLIMIT_CPU', cpuSeconds),
          limit('RLIMIT_CORE', 0),
          limit('RLIMIT_MEMLOCK', 0),
        ],
        limit('RLIMIT_FSIZE', 4 * 2 ** 20),
      ],
    },
    mounts: [
      ...spec.mounts,
      ...[...SYSTEM, directory].map(bind),
      {
        destination: '/tmp',
        type: 'tmpfs',
        source: 'tmpfs',
        options: ['nosuid', 'nodev', 'mode=1777', `size=${8 * 2 ** 20}`],
      },
    ],
    linux: {
      ...spec.linux,
      cgroupsPath: cgroups === 2 ? join(outer.paths[''], 'runc') : nameOf({ scratch }),
      resources: {
        ...spec.linux.resources,
        memory: { limit: MEMORY, swap: MEMORY },
        pids: { limit: PIDS },
        cpu: { quota: 100_000, period: 100_000 },
      },
    },
  };
}

/** What each is called here, or undefined if it is missing. */
export function versionOf(name) {
  const [file, ...args] = tools[name].version ?? ['true'];
  const { status, stdout } = spawnSync(file, args, { encoding: 'utf8' });
  return status === 0 ? (/\d[\w.+~-]*/.exec(stdout)?.[0] ?? '') : undefined;
}
