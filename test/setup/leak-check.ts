import { type Dirent, existsSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { patience } from '../support/patience';

/** Descendants inherit it, so a process can be recognised even when its parent is gone and init has adopted it. */
const RUN_MARKER = 'MEMCAGE_TEST_RUN';

const CGROUP = 'cgroup ';

/** Everything that exists now and that a test run could leave behind, one line each. */
export function takeInventory(): Set<string> {
  return new Set([...cgroups(), ...mounts(), ...processes(), ...temporaryFiles()]);
}

export function markDescendants(): void {
  process.env[RUN_MARKER] = String(process.pid);
}

/** What exists now and did not exist before; for a cgroup, with signs of where it comes from. */
export async function findLeaks(before: ReadonlySet<string>): Promise<string[]> {
  const leaks = await whatStays(() => [...takeInventory()], before);
  return leaks.map((leak) => (leak.startsWith(CGROUP) ? `${leak}${history(leak.slice(CGROUP.length))}` : leak));
}

/** The directories in which this process makes its cages. */
export function ownCgroups(): string[] {
  return cgroups().filter((line) => basename(line).startsWith(`memcage-${process.pid}-`));
}

/**
 * Removes what a failed attempt of a test, or an interrupted run, has made and not removed, with the processes in it. The failure
 * was already reported, and a second attempt that passes must not be blamed for it.
 */
export async function removeTestCgroups(): Promise<void> {
  const isGone = (path: string): boolean => {
    for (const directory of [...subdirectories(path).reverse(), path]) {
      for (const pid of readText(join(directory, 'cgroup.procs')).split('\n')) if (pid !== '') kill(Number(pid));
      unlessGone(() => rmdirSync(directory), undefined);
    }
    return !existsSync(path);
  };
  // Looked up anew each time: what an interrupted run still does may make more.
  await whatStays(() => madeByTests().filter((path) => !isGone(path)), new Set());
}

function madeByTests(): string[] {
  return cgroups()
    .map((line) => line.slice(CGROUP.length))
    .filter((path) => basename(path).startsWith(`memcage-test-${process.pid}-`));
}

function kill(pid: number): void {
  if (pid !== 0 && pid !== process.pid) unlessGone(() => process.kill(pid, 'SIGKILL'), true);
}

/** What is new, after waiting a moment for ends that are under way. */
export async function whatStays(find: () => string[], before: ReadonlySet<string>): Promise<string[]> {
  const deadline = Date.now() + patience(3000);
  for (;;) {
    const found = find().filter((item) => !before.has(item));
    if (found.length === 0 || Date.now() > deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function cgroups(): string[] {
  return mountLines()
    .map((line) => line.split(' '))
    .filter((fields) => /^cgroup2?$/.test(fields[fields.indexOf('-') + 1] ?? ''))
    .flatMap((fields) => namedDirectories(fields[4] ?? ''))
    .filter((path) => !isOwn(path))
    .map((path) => `${CGROUP}${path}`);
}

/**
 * When something was last made or removed in it, what is below it, which processes are in it, and the state of its
 * owner.
 */
function history(path: string): string {
  const below = subdirectories(path);
  const members = [path, ...below]
    .flatMap((each) => readText(join(each, 'cgroup.procs')).split('\n'))
    .filter((pid) => pid !== '')
    .map(describeProcess);
  const owner = /-(\d+)-[0-9a-f]+$/.exec(path)?.[1];
  const changed = unlessGone(() => statSync(path).mtime.toISOString(), 'gone');
  return [
    `, changed ${changed}`,
    ...(below.length === 0 ? [] : [`with ${below.join(' ')}`]),
    ...(members.length === 0 ? [] : [`members ${members.join(', ')}`]),
    ...(owner === undefined ? [] : [`owner ${describeProcess(owner)}`]),
  ].join('; ');
}

function describeProcess(pid: string): string {
  const state = /^State:\s+(\S)/m.exec(readText(`/proc/${pid}/status`))?.[1];
  if (state === undefined) return `${pid} (gone)`;
  return `${pid} (${state}: ${readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trimEnd()})`;
}

/** systemd has put this very process there for memcage, and removes it when the process has ended. */
function isOwn(path: string): boolean {
  const own = /^0::(.*)$/m.exec(readText('/proc/self/cgroup'))?.[1] ?? '';
  return own !== '/' && `${own}/`.startsWith(`${path.slice(path.indexOf('/', '/sys/fs/cgroup'.length))}/`);
}

function namedDirectories(directory: string): string[] {
  return subdirectories(directory).filter((path) => basename(path).includes('memcage'));
}

/** All directories below, at every level. */
function subdirectories(directory: string): string[] {
  return listDirectory(directory)
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(directory, entry.name))
    .flatMap((path) => [path, ...subdirectories(path)]);
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
  // memcage's starter ends with who it starts children for.
  const starts = /^memcage-starter\0.*--starter=(\d+)\0$/.exec(readText(`/proc/${pid}/cmdline`))?.[1];
  if (starts !== undefined) return starts !== parent;
  return parent === String(process.pid) || environment.includes(`${RUN_MARKER}=${process.pid}`);
}

function temporaryFiles(): string[] {
  return listDirectory(tmpdir())
    .filter((entry) => entry.name.startsWith('memcage-'))
    .map((entry) => `temporary file ${join(tmpdir(), entry.name)}`);
}

/** Processes and cgroups vanish while they are read. What is gone does not exist. */
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
    if (['ENOENT', 'ENODEV', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR', 'EBUSY'].includes(code)) return otherwise;
    throw error;
  }
}
