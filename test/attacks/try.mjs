// One attack in one tool: aims it, starts it, waits, and looks from outside what has become of it.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { tools } from './tools.mjs';

const WALL_MS = 60_000;
const CPU_SECONDS = 30;
const BARE = 32 * 2 ** 20;
/** For what happens just after an end. */
const A_MOMENT = 500;
/** How long a program may take that has been given less time. */
const GRACE = 3000;

/**
 * @typedef {object} Seen
 * @property {string} stdout
 * @property {string} stderr
 * @property {number} bytes of stdout, of which the first MiB is kept
 * @property {number | null} status
 * @property {string | null} signal
 * @property {Record<string, string>} secrets
 * @property {Record<string, boolean>} facts
 */

const KEPT = 2 ** 20;

/** Starts it in the trial's cgroups, and as its user. */
function start(words, { cgroups, who, scratch, env, openFile }) {
  const join = [...cgroups.map((each) => `echo 0 >${each}/cgroup.procs`), 'exec "$@"'].join(' && ');
  const as = who.uid === 0 ? [] : ['setpriv', `--reuid=${who.uid}`, `--regid=${who.uid}`, '--init-groups'];
  return spawn('sh', ['-c', join, 'sh', ...as, ...words], {
    cwd: scratch,
    env: { PATH: process.env.PATH, HOME: who.home, USER: who.name, LOGNAME: who.name, ...env },
    stdio: ['ignore', 'pipe', 'pipe', openFile],
  });
}

async function watch(child, waitMs) {
  const seen = { stdout: '', stderr: '', bytes: 0, status: null, signal: null };
  child.stdout.on('data', (text) => {
    seen.bytes += text.length;
    if (seen.stdout.length < KEPT) seen.stdout += text.toString('latin1');
  });
  child.stderr.on('data', (text) => {
    if (seen.stderr.length < KEPT) seen.stderr += text;
  });
  const exited = new Promise((resolve) => {
    child.on('exit', (status, signal) => resolve(Object.assign(seen, { status, signal })));
  });
  const closed = new Promise((resolve) => {
    child.on('close', resolve);
  });
  const within = (event, ms) => Promise.race([event.then(() => true), sleep(ms, false, { ref: false })]);
  const stillRuns = !(await within(exited, waitMs));
  const holdsOutput = !stillRuns && !(await within(closed, GRACE));
  return { seen, stillRuns, holdsOutput };
}

/** How the tool told an end. */
const told = (toolName, seen) => `${seen.status} ${seen.signal} ${tools[toolName].verdict?.exec(seen.stderr)?.[0]}`;

/**
 * @returns {Promise<Seen>}
 */
async function runOnce(attack, toolName, { stage, outer, who, scratch, slowness }) {
  const tool = tools[toolName];
  const aim = await stage.begin();
  const trial = {
    directory: stage.directory,
    command: [stage.files.attack, attack.name, ...aim.words],
    wallMs: (attack.wallMs ?? WALL_MS) * slowness,
    cpuSeconds: attack.cpuSeconds ?? CPU_SECONDS,
    outer,
    isRoot: who.uid === 0,
    scratch,
  };
  const isBare = attack.isInBare && toolName === 'none';
  const cgroups = isBare ? [outer.makeBare(BARE)] : outer.procs;
  const words = [...(attack.hasTerminal ? [stage.files.attack, 'terminal'] : []), ...tool.command(trial)];
  const env = { SECRET: stage.secrets.ours, ...tool.env?.(trial) };
  try {
    const child = start(words, { cgroups, who, scratch, env, openFile: aim.openFile });
    const { seen, stillRuns, holdsOutput } = await watch(child, trial.wallMs + GRACE * slowness);
    if (attack.isSeenLater) await sleep(A_MOMENT);
    return { ...seen, secrets: stage.secrets, facts: { ...aim.facts(), stillRuns, holdsOutput } };
  } finally {
    closeSync(aim.openFile);
    if (tool.after !== undefined) {
      const [file, ...args] = tool.after(trial);
      spawnSync(file, args, who.uid === 0 ? {} : { uid: who.uid, gid: who.uid });
    }
    await aim.end();
  }
}

/** The tool's word for a program that had too much memory, to which other ends are compared. */
let wordForMemory = {};

/**
 * @returns {Promise<{ result: 'works' | 'fails' | 'did not start', seen: Seen }>}
 */
export async function tryAttack(attack, toolName, context) {
  if (attack.name === 'own-kill') {
    wordForMemory = told(toolName, await runOnce({ name: 'take-all' }, toolName, context));
  }
  const seen = await runOnce(attack, toolName, context);
  seen.facts.looksLikeMemory = told(toolName, seen) === wordForMemory;
  if (!seen.stdout.includes('STARTED')) return { result: 'did not start', seen };
  return { result: attack.proof(seen) ? 'works' : 'fails', seen };
}
