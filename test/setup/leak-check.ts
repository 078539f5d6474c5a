import { type Dirent, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { patience } from '../support/patience';

/** Descendants inherit it, so that one is still recognised when its parent is gone and init has adopted it. */
const RUN_MARKER = 'MEMCAGE_TEST_RUN';

/** Everything of this moment that a test run could leave behind, one line each. */
export function takeInventory(): Set<string> {
  return new Set([...cgroups(), ...mounts(), ...processes(), ...temporaryFiles()]);
}

export function markDescendants(): void {
  process.env[RUN_MARKER] = String(process.pid);
}

/** What is there now and was not there before. Waits a moment, since an end that was asked for may be under way. */
export async function findLeaks(before: Set<string>, patienceMs = patience(3000)): Promise<string[]> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const leaks = [...takeInventory()].filter((item) => !before.has(item));
    if (leaks.length === 0 || Date.now() > deadline) return leaks;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function cgroups(): string[] {
  return mountLines()
    .map((line) => line.split(' '))
    .filter((fields) => /^cgroup2?$/.test(fields[fields.indexOf('-') + 1] ?? ''))
    .flatMap((fields) => namedDirectories(fields[4] ?? ''))
    .filter((path) => !isOwn(path) && !isOfAnother(path))
    .map((path) => `cgroup ${path}`);
}

/** A run that has a place of its own (scripts/beside.mjs) makes its cgroups there. */
function isOfAnother(path: string): boolean {
  const scope = process.env['MEMCAGE_TEST_SCOPE'];
  return scope !== undefined && !path.includes(`/${scope}/`);
}

/** systemd has put this very process there for memcage, and removes it when it has ended. */
function isOwn(path: string): boolean {
  const own = /^0::(.*)$/m.exec(readText('/proc/self/cgroup'))?.[1] ?? '';
  return own !== '/' && `${own}/`.startsWith(`${path.slice(path.indexOf('/', '/sys/fs/cgroup'.length))}/`);
}

function namedDirectories(directory: string): string[] {
  return listDirectory(directory)
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      return [...(entry.name.includes('memcage') ? [path] : []), ...namedDirectories(path)];
    });
}

function mounts(): string[] {
  return mountLines().map((line) => `mount ${line}`);
}

function mountLines(): string[] {
  return readText('/proc/self/mountinfo').trimEnd().split('\n');
}

function processes(): string[] {
  return listDirectory('/proc')
    .map((entry) => entry.name)
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && isOurs(name))
    .map((pid) => `process ${pid} ${readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ') || '(zombie)'}`);
}

function isOurs(pid: string): boolean {
  const stat = readText(`/proc/${pid}/stat`);
  const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  const environment = readText(`/proc/${pid}/environ`).split('\0');
  return parent === String(process.pid) || environment.includes(`${RUN_MARKER}=${process.pid}`);
}

function temporaryFiles(): string[] {
  return listDirectory(tmpdir())
    .filter((entry) => entry.name.startsWith('memcage-'))
    .map((entry) => `temporary file ${join(tmpdir(), entry.name)}`);
}

/** Processes and cgroups vanish while they are being looked at: what is gone is not there. */
function listDirectory(path: string): Dirent[] {
  return unlessGone(() => readdirSync(path, { withFileTypes: true }), []);
}

function readText(path: string): string {
  return unlessGone(() => readFileSync(path, 'utf8'), '');
}

function unlessGone<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ENODEV', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR'].includes(code)) return otherwise;
    throw error;
  }
}
