import { spawn as nodeSpawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Cgroup } from 'memcage';
import type { Case, Row } from '../support/case';
import { interleave, type Start } from '../support/interleave';
import { caged, PROGRAM, stock } from '../support/starts';

/** Other programs that start a child with a limit or in namespaces, if they are installed. */
export const rivals: Case = {
  name: 'rivals',
  async run({ quick }) {
    const found = [bwrap(), cgexec(), runc()].filter((rival) => rival !== undefined);
    try {
      const kinds: Record<string, Start> = { stock, 'memcage (limit + uts, mount, pid)': caged };
      for (const { name, start } of found) kinds[name] = start;
      const medians = await interleave(kinds, { count: quick ? 10 : 60, warmUp: 3, pauseMs: 0, block: 5 });
      const base = medians['stock']?.totalMs ?? Number.NaN;
      return Object.entries(medians).map(
        ([name, { totalMs }]): Row => ({
          measure: `${PROGRAM} by ${name}`,
          value: `${(totalMs / base).toFixed(2)} times stock (${totalMs.toFixed(2)} ms)`,
        }),
      );
    } finally {
      for (const { close } of found) await close();
    }
  },
};

interface Rival {
  name: string;
  start: Start;
  close(): Promise<void>;
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => existsSync(join(directory, program)));
}

function quiet(program: string, args: readonly string[], cwd?: string): Start {
  return () => nodeSpawn(program, args, { stdio: 'ignore', ...(cwd !== undefined && { cwd }) });
}

function bwrap(): Rival | undefined {
  if (!isInstalled('bwrap')) return undefined;
  const args = ['--dev-bind', '/', '/', '--unshare-uts', '--unshare-pid', '--proc', '/proc', PROGRAM];
  return { name: 'bwrap (uts, mount, pid; no limit)', start: quiet('bwrap', args), close: async () => {} };
}

function cgexec(): Rival | undefined {
  if (!isInstalled('cgexec') || Cgroup.self().version !== 1) return undefined;
  const group = Cgroup.create(`memcage-bench-${process.pid}`, { memory: '100M' });
  // Relative to the mount point of the controller.
  const relative = group.path.slice(readMemoryMount().length + 1);
  return {
    name: 'cgexec (a limit made before; no namespaces)',
    start: quiet('cgexec', ['-g', `memory:${relative}`, PROGRAM]),
    close: () => group.remove(),
  };
}

function readMemoryMount(): string {
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .find((candidate) => / - cgroup .*\bmemory\b/.test(candidate));
  return line?.split(' ')[4] ?? '';
}

/** The parts of the runtime-spec's config.json, as `runc spec` writes it, that this changes. */
interface RuntimeSpec {
  process: { args: string[]; terminal: boolean };
  root: { path: string; readonly: boolean };
  mounts: { destination: string; type?: string; source?: string; options?: string[] }[];
  linux: {
    namespaces: { type: string }[];
    maskedPaths: string[];
    readonlyPaths: string[];
    cgroupsPath?: string;
    resources: { memory: { limit: number } };
  };
}

function runc(): Rival | undefined {
  if (!isInstalled('runc')) return undefined;
  const bundle = mkdtempSync(join(tmpdir(), 'memcage-bench-'));
  const root = join(bundle, 'state');
  mkdirSync(join(bundle, 'rootfs'));
  spawnSync('runc', ['spec'], { cwd: bundle });
  const config = JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as RuntimeSpec;
  config.process.args = [PROGRAM];
  config.process.terminal = false;
  // Not '/' itself, because runc can't pivot to that.
  config.root = { path: 'rootfs', readonly: true };
  const system = ['/bin', '/lib', '/lib64', '/usr'].filter((path) => existsSync(path));
  config.mounts = [
    ...config.mounts.filter(({ destination }) => destination === '/proc'),
    ...system.map((path) => ({ destination: path, type: 'bind', source: path, options: ['bind', 'ro'] })),
  ];
  config.linux.namespaces = [{ type: 'pid' }, { type: 'uts' }, { type: 'mount' }];
  config.linux.maskedPaths = [];
  config.linux.readonlyPaths = [];
  const own = Cgroup.self().path.slice(readMemoryMount().length);
  if (Cgroup.self().version === 1) config.linux.cgroupsPath = `${own}/memcage-bench-runc-${process.pid}`;
  config.linux.resources = { memory: { limit: 100 * 1024 * 1024 } };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  const close = async (): Promise<void> => rmSync(bundle, { recursive: true, force: true });
  const args = (id: string): string[] => ['--root', root, 'run', '--bundle', bundle, id];
  let containers = 0;
  if (spawnSync('runc', args('probe'), { stdio: 'ignore' }).status !== 0) {
    rmSync(bundle, { recursive: true, force: true });
    return undefined;
  }
  return {
    name: 'runc (limit + uts, mount, pid)',
    start: () => {
      containers += 1;
      return nodeSpawn('runc', args(`c${process.pid}-${containers}`), { stdio: 'ignore' });
    },
    close,
  };
}
