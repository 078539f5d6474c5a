import { spawn as nodeSpawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Cgroup } from 'memcage/cgroup';
import type { Case, Row } from '../support/case';
import { interleave, type Start } from '../support/interleave';
import { caged, PROGRAM, stock } from '../support/starts';

/**
 * Other programs, as far as they are installed, that start a child with a limit, and with namespaces of its own for names, mounts and
 * pids. Node calls each of them.
 */
export const rivals: Case = {
  name: 'rivals',
  async run({ quick }) {
    const found = [bwrap(), cgexec(), cgexecBwrap(), firejail(), systemdRun(), container('crun'), container('runc')];
    const installed = found.filter((rival) => rival !== undefined);
    try {
      const kinds: Record<string, Start> = { stock, [`memcage (${LIMIT}, ${NAMESPACES})`]: caged };
      for (const { name, start } of installed) kinds[name] = start;
      const medians = await interleave(kinds, { count: quick ? 10 : 60, warmUp: 3, pauseMs: 0, block: 5 });
      const base = medians['stock']?.totalMs ?? Number.NaN;
      return Object.entries(medians).map(
        ([name, { totalMs }]): Row => ({
          measure: `${PROGRAM} by ${name}`,
          value: `${(totalMs / base).toFixed(2)} times stock (${totalMs.toFixed(2)} ms)`,
        }),
      );
    } finally {
      for (const { close } of installed) await close();
    }
  },
};

const LIMIT = 'limit';
const NAMESPACES = 'uts, mount, pid';
const NO_CLOSE = async (): Promise<void> => {};
const BWRAP = ['--dev-bind', '/', '/', '--unshare-uts', '--unshare-pid', '--proc', '/proc', PROGRAM];

interface Rival {
  name: string;
  start: Start;
  close(): Promise<void>;
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => existsSync(join(directory, program)));
}

/** Whether it can do this here. */
function works(program: string, args: readonly string[]): boolean {
  return isInstalled(program) && spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function quiet(program: string, args: readonly string[]): Start {
  return () => nodeSpawn(program, args, { stdio: 'ignore' });
}

function bwrap(): Rival | undefined {
  if (!works('bwrap', BWRAP)) return undefined;
  return { name: `bwrap (no limit, ${NAMESPACES})`, start: quiet('bwrap', BWRAP), close: NO_CLOSE };
}

function firejail(): Rival | undefined {
  const args = ['--quiet', '--noprofile', PROGRAM];
  if (!works('firejail', args)) return undefined;
  return { name: `firejail (no limit, ${NAMESPACES})`, start: quiet('firejail', args), close: NO_CLOSE };
}

/** It asks systemd, which must have booted the machine. */
function systemdRun(): Rival | undefined {
  const args = ['--scope', '--quiet', '-p', 'MemoryMax=100M', PROGRAM];
  if (!works('systemd-run', args)) return undefined;
  return { name: `systemd-run --scope (${LIMIT}, no namespaces)`, start: quiet('systemd-run', args), close: NO_CLOSE };
}

function cgexec(): Rival | undefined {
  return inLimit(`cgexec (a ${LIMIT} made before, no namespaces)`, [PROGRAM]);
}

function cgexecBwrap(): Rival | undefined {
  if (!works('bwrap', BWRAP)) return undefined;
  return inLimit(`cgexec and bwrap (a ${LIMIT} made before, ${NAMESPACES})`, ['bwrap', ...BWRAP]);
}

function inLimit(name: string, command: readonly string[]): Rival | undefined {
  if (!isInstalled('cgexec') || Cgroup.self().version !== 1) return undefined;
  made += 1;
  const group = Cgroup.create(`memcage-bench-${process.pid}-${made}`, { memory: '100M' });
  // Relative to the mount point of the controller.
  const relative = group.path.slice(readMemoryMount().length + 1);
  return { name, start: quiet('cgexec', ['-g', `memory:${relative}`, ...command]), close: () => group.remove() };
}

let made = 0;

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

function container(program: 'crun' | 'runc'): Rival | undefined {
  if (!isInstalled(program)) return undefined;
  const bundle = mkdtempSync(join(tmpdir(), 'memcage-bench-'));
  const root = join(bundle, 'state');
  mkdirSync(join(bundle, 'rootfs'));
  spawnSync(program, ['spec'], { cwd: bundle });
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
  if (Cgroup.self().version === 1) config.linux.cgroupsPath = `${own}/memcage-bench-${program}-${process.pid}`;
  config.linux.resources = { memory: { limit: 100 * 1024 * 1024 } };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  const close = async (): Promise<void> => rmSync(bundle, { recursive: true, force: true });
  const args = (id: string): string[] => ['--root', root, 'run', '--bundle', bundle, id];
  let containers = 0;
  if (!works(program, args('probe'))) {
    rmSync(bundle, { recursive: true, force: true });
    return undefined;
  }
  return {
    name: `${program} (${LIMIT}, ${NAMESPACES})`,
    start: () => {
      containers += 1;
      return nodeSpawn(program, args(`c${process.pid}-${containers}`), { stdio: 'ignore' });
    },
    close,
  };
}
