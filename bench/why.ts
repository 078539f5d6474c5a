/**
 * Kills parents, guardians, both and children, by the kernel for memory and by SIGKILL, and asks `memcage why` 100 ms later.
 * Run it as root, outside of PID namespaces.
 *
 *   npm run soak:why                       50 kills
 *   WHY_KILLS=1000 npm run soak:why        more
 *
 * The exit code is 1 if fewer than 99.9 % of the answers are right, or one of them takes a SIGKILL for memory.
 */
import { type ChildProcess, spawn as spawnByNode, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from 'memcage';

const KILLS = Number(process.env['WHY_KILLS'] ?? 50);
const TOLD_MS = 100;
const GOAL = 0.999;
const CLI = join(__dirname, '../../dist/cli.js');
const PARENT = `
  const { spawn } = require('memcage');
  const { native } = require('memcage/native');
  const child = spawn('sleep', ['1000'], { memory: '64M', stdio: 'ignore' });
  console.log(JSON.stringify({ child: child.pid, guardian: native.guardianPid(), cgroup: child.cage.cgroup.path }));
  setInterval(() => {}, 1e6);
`;

interface Victims {
  parent: number;
  guardian: number;
  child: number;
  cgroup: string;
}

/** Who is killed, and whom to ask about. */
const WHO: Readonly<Record<string, (of: Victims) => [pids: number[], ask: number]>> = {
  parent: ({ parent }) => [[parent], parent],
  guardian: ({ guardian }) => [[guardian], guardian],
  both: ({ parent, guardian }) => [[guardian, parent], parent],
  child: ({ child }) => [[child], child],
};

/** After a kill in the cage of the child, or not. */
const HOW = ['for memory', 'by SIGKILL', 'by SIGKILL, after another'] as const;
type How = (typeof HOW)[number];

const place = mkdtempSync(join(tmpdir(), 'memcage-why-'));
const env = { ...process.env, XDG_RUNTIME_DIR: place };
// What this process itself notes of its own cages must not help.
const ownPlace = join(place, 'own');
mkdirSync(ownPlace);
process.env['XDG_RUNTIME_DIR'] = ownPlace;

async function startParent(): Promise<{ victims: Victims; process: ChildProcess }> {
  const started = spawnByNode(process.execPath, ['-e', PARENT], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(started.stdout, 'data')) as [Buffer];
  const said = JSON.parse(line.toString()) as Omit<Victims, 'parent'>;
  return { victims: { ...said, parent: Number(started.pid) }, process: started };
}

/** Moves them into a cage in which another process takes too much, and which the kernel is told to kill last. */
async function killForMemory(pids: readonly number[]): Promise<void> {
  // It is charged to the cage, but does not make its writer large.
  const file = `/dev/shm/memcage-why-${process.pid}`;
  const script = `read -r _; exec dd if=/dev/zero of=${file} bs=64K count=1K`;
  const writer = spawn('sh', ['-c', script], { memory: '8M', stdio: ['pipe', 'ignore', 'ignore'] });
  const path = writer.cage.cgroup?.path;
  for (const pid of pids) {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000');
    writeFileSync(join(String(path), 'cgroup.procs'), String(pid));
  }
  writer.stdin?.end('\n');
  await once(writer, 'exit');
  rmSync(file, { force: true });
}

async function kill(pids: readonly number[], how: How, cgroup: string): Promise<void> {
  if (how === 'for memory') return killForMemory(pids);
  if (how === 'by SIGKILL, after another') {
    const large = 'exec dd if=/dev/zero of=/dev/null bs=100M count=1 status=none';
    spawnSync('sh', ['-c', `echo 0 >${cgroup}/cgroup.procs; ${large}`], { stdio: 'ignore' });
  }
  for (const pid of pids) process.kill(pid, 'SIGKILL');
}

function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}`)) return false;
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function untilDead(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await sleep(1);
}

/** The exit code of `memcage why`. */
async function kindOfEnd(who: string, how: How): Promise<number> {
  const { victims, process: parent } = await startParent();
  const [pids, ask] = WHO[who]?.(victims) ?? [[], 0];
  await kill(pids, how, victims.cgroup);
  await untilDead(pids);
  await sleep(TOLD_MS);
  const { status, stdout } = spawnSync(process.execPath, [CLI, 'why', String(ask)], { env, encoding: 'utf8' });
  if (status !== expected(how)) console.log(`${who} ${how}, exit code ${status}: ${stdout}`);
  parent.kill('SIGKILL');
  await untilDead([victims.parent, victims.guardian, victims.child]);
  return status ?? -1;
}

function expected(how: How): number {
  return how === 'for memory' ? 0 : 1;
}

async function main(): Promise<void> {
  const rounds = Object.keys(WHO).flatMap((who) => HOW.map((how) => ({ who, how, codes: [] as number[] })));
  for (let i = 0; i < KILLS; i += 1) {
    const round = rounds[i % rounds.length];
    if (round !== undefined) round.codes.push(await kindOfEnd(round.who, round.how));
  }
  console.log('| who | how | kills | right | not known | wrong |\n|---|---|---|---|---|---|');
  const count = (codes: readonly number[], code: number): number => codes.filter((each) => each === code).length;
  let right = 0;
  let worst = 0;
  for (const { who, how, codes } of rounds) {
    const ofRound = count(codes, expected(how));
    right += ofRound;
    if (how !== 'for memory') worst += count(codes, 0);
    const unknown = count(codes, 2);
    console.log(`| ${[who, how, codes.length, ofRound, unknown, codes.length - ofRound - unknown].join(' | ')} |`);
  }
  console.log(`${right} of ${KILLS} are right, and ${worst} took a SIGKILL for memory`);
  if (right < KILLS * GOAL || worst > 0) process.exitCode = 1;
  spawnSync(process.execPath, [CLI, 'gc'], { env, stdio: 'ignore' });
  rmSync(place, { recursive: true });
}

void main();
