import type { RootPlan } from 'memcage/native';
import { type LauncherPlan, launcherArguments } from '../../../../lib/process/launcher/arguments';
import { NO_NAMESPACES } from '../../../../lib/process/namespaces/namespaces';

describe('launcherArguments', () => {
  test('nothing', () => {
    expect(launcherArguments({ join: [], namespaces: NO_NAMESPACES, settings: {}, init: false })).toEqual(['1', '--']);
  });

  test('a gate', () => {
    const plan = { join: [], namespaces: NO_NAMESPACES, settings: {}, init: false, reportFd: 3 };
    const gates = [false, true, 'parent'] as const;
    expect(gates.map((gate) => launcherArguments({ ...plan, gate }))).toEqual([
      ['1', '--report=3', '--'],
      ['1', '--report=3', '--gate', '--'],
      ['1', '--report=3', '--gate', '--gate-parent', '--'],
    ]);
  });

  test('everything', () => {
    const namespaces = {
      namespaces: 1024,
      hostname: 'h',
      idMaps: { uidMap: '0 1 1', gidMap: '0 2 1' },
      privateMounts: true,
      mountProc: true,
      loopback: true,
    };
    const plan = {
      join: [4, '/tasks'],
      namespaces,
      settings: {
        rlimits: [
          { name: 'nofile', soft: 64, hard: Number.POSITIVE_INFINITY },
          { name: 'fsize', soft: 0, hard: 1e15 },
        ],
        oomScoreAdj: -5,
        nice: 0,
        noNewPrivs: true,
        capabilities: [0, 40],
        seccomp: Uint8Array.of(6, 0, 0, 0, 0, 0, 255, 127),
        seccompEarly: true,
      },
      init: true,
      entryPoint: true,
      reportFd: 3,
      statusFd: 5,
      parent: 9,
      uid: 0,
      gid: 0,
      file: 'f',
      root: {
        path: '/r',
        empty: false,
        readOnly: true,
        mounts: [
          { kind: 'bind', from: '/a', to: '/b', readOnly: false, create: false },
          { kind: 'bind', from: '/c', to: '/d', readOnly: true, create: true },
          { kind: 'tmpfs', to: '/e', mode: '1777', create: false },
          { kind: 'tmpfs', to: '/f', size: '1', mode: '700', create: true },
        ],
        hide: ['/g', '/h'],
        proc: 'new',
        dev: true,
        cwd: '/w',
      },
    } satisfies LauncherPlan;
    expect(launcherArguments(plan)).toEqual([
      '1',
      '--report=3',
      '--status=5',
      '--join=4',
      '--join=/tasks',
      '--parent=9',
      '--unshare=1024',
      '--uid-map=0 1 1',
      '--gid-map=0 2 1',
      '--hostname=h',
      '--oom-score-adj=-5',
      '--rlimit=nofile:64:unlimited',
      '--rlimit=fsize:0:1000000000000000',
      '--nice=0',
      '--capabilities=0000010000000001',
      '--seccomp=060000000000ff7f',
      '--uid=0',
      '--gid=0',
      '--file=f',
      '--private-mounts',
      '--mount-proc',
      '--loopback',
      '--no-new-privs',
      '--seccomp-early',
      '--init',
      '--entry-point',
      '--root=/r',
      '--root-read-only',
      '--root-proc=new',
      '--root-dev',
      '--bind-from=/a',
      '--bind=/b',
      '--create',
      '--bind-from=/c',
      '--bind-read-only=/d',
      '--tmpfs-mode=1777',
      '--tmpfs=/e',
      '--create',
      '--tmpfs-size=1',
      '--tmpfs-mode=700',
      '--tmpfs=/f',
      '--hide=/g',
      '--hide=/h',
      '--cwd=/w',
      '--',
    ]);
  });

  test('a root that is no directory', () => {
    const root = { path: null, readOnly: false, mounts: [], hide: [], dev: false, cwd: '/' } as const;
    const rootOf = (more: Pick<RootPlan, 'empty' | 'emptyOptions' | 'proc'>): string[] =>
      launcherArguments({
        join: [],
        namespaces: NO_NAMESPACES,
        settings: {},
        init: false,
        root: { ...root, ...more },
      }).slice(1, -1);
    expect(rootOf({ empty: false, proc: 'keep' })).toEqual(['--root-own', '--cwd=/']);
    expect(rootOf({ empty: true, proc: 'bind' })).toEqual(['--root-empty', '--root-proc=bind', '--cwd=/']);
    expect(rootOf({ empty: true, emptyOptions: { size: '1', mode: '700' }, proc: 'keep' })).toEqual([
      '--tmpfs-size=1',
      '--tmpfs-mode=700',
      '--root-empty',
      '--cwd=/',
    ]);
  });
});
