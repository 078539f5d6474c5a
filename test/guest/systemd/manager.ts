import { type ChildProcess, execFileSync, spawn as nodeSpawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ParentCandidate } from 'memcage';
import { tree } from '../../support/cgroups/cgroup-tree';

/** What systemd's own tools say about the manager that the tests' user talks to. */

export const MOUNT = '/sys/fs/cgroup';
export const PROGRAM = join(__dirname, '../../fixtures/systemd/program.js');

const user = process.getuid?.() === 0 ? [] : ['--user'];
/** The address of that manager's bus. */
export const ADDRESS =
  user.length === 0 ? 'unix:path=/run/dbus/system_bus_socket' : `unix:path=/run/user/${process.getuid?.()}/bus`;

const output = (file: string, ...args: string[]): string => execFileSync(file, args, { encoding: 'utf8' }).trim();

export const ownCgroup = (): string => readFileSync('/proc/self/cgroup', 'utf8').trim().replace('0::', '');

export const show = (unit: string, property: string): string =>
  output('systemctl', ...user, 'show', '--value', `--property=${property}`, unit);

/** Names of memcage's scopes that the manager knows. */
export function scopes(): string[] {
  const list = output('systemctl', ...user, 'list-units', '--all', '--plain', '--no-legend', 'memcage-*.scope');
  return list.split('\n').flatMap((line) => line.split(' ')[0] || []);
}

export function startInScope(options: readonly string[], command: readonly string[], env = {}): ChildProcess {
  const args = [...user, '--scope', '--quiet', ...options, '--', ...command];
  return nodeSpawn('systemd-run', args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
}

/** What test/fixtures/systemd/program.js prints. */
export interface Report {
  before: string;
  after: string;
  child: string;
  parent?: { source: string; path: string };
  memory: { limitBytes: number };
  code?: string;
  candidates?: ParentCandidate[];
}

/** Runs that program in its own scope, with these properties. */
export function inScope(properties: readonly string[], mode: string, env: NodeJS.ProcessEnv = {}): ChildProcess {
  const own = properties.flatMap((property) => ['--property', property]);
  return startInScope(['--collect', ...own], [process.execPath, PROGRAM, mode], env);
}

export async function report(child: ChildProcess): Promise<Report> {
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    return JSON.parse(line) as Report;
  }
  throw new Error('the program said nothing');
}

export function refusalOf(source: string, { candidates }: Report): string {
  return candidates?.find((candidate) => candidate.source === source)?.refusal ?? '';
}

/** Every directory of memcage's below the manager, except those of this process. */
export function leftovers(): string[] {
  const top = user.length === 0 ? MOUNT : join(MOUNT, ownCgroup().replace(/(\/user@\d+\.service)\/.*/, '$1'));
  return tree(top).filter((path) => /memcage-/.test(path) && !path.includes(`-${process.pid}-`));
}
