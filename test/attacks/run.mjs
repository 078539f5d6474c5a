// Usage: run.mjs [--user NAME] [--parent CGROUP] [--only ATTACK,...] [--program FILE] [--jobs N] [--json] [-v] [TOOL]...
// Tries each attack in each of these tools (default: all that are here, and first without any), and prints how many have
// worked. Exit code 1 if memcage has not held one that it should, or something has not started. --program says where the program
// is compiled to; if it is there, it is taken as it is, for many runs.
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { attacks, kinds } from './list.mjs';
import { version as cgroups, makeOuter } from './outer.mjs';
import { makeStage } from './stage.mjs';
import { tools, versionOf } from './tools.mjs';
import { tryAttack } from './try.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    user: { type: 'string', default: 'root' },
    parent: { type: 'string' },
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    program: { type: 'string' },
    jobs: { type: 'string', default: '1' },
    verbose: { type: 'boolean', short: 'v', default: false },
  },
});
const slowness = Math.min(Number(process.env.MEMCAGE_TEST_SLOWNESS ?? 1), 4);

/** Who runs the tools, and is attacked. */
function account(name) {
  const { stdout } = spawnSync('getent', ['passwd', name], { encoding: 'utf8' });
  const [, , uid, , , home] = stdout.trim().split(':');
  if (home === undefined) throw new Error(`there is no user ${name}`);
  if (existsSync(home)) return { name, uid: Number(uid), home };
  // Such as nobody.
  const own = join(scratch, 'home');
  mkdirSync(own);
  chownSync(own, Number(uid), Number(uid));
  return { name, uid: Number(uid), home: own };
}

async function inLanes(all, count, act) {
  const waiting = [...all];
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await act(next);
  };
  await Promise.all(Array.from({ length: count }, lane));
}

function compile(program) {
  const inside = fileURLToPath(new URL('inside/', import.meta.url));
  const sources = readdirSync(inside).filter((file) => file.endsWith('.c'));
  const words = [
    '-O1',
    '-static',
    '-D_GNU_SOURCE',
    '-Wall',
    '-Wextra',
    '-Wno-unused-result',
    '-o',
    program,
    ...sources,
    '-lpthread',
  ];
  const { status, stderr } = spawnSync('gcc', words, { cwd: inside, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

const names = positionals.length > 0 ? positionals : Object.keys(tools).filter((name) => versionOf(name) !== undefined);
const chosen = attacks.filter(({ name }) => values.only === undefined || values.only.split(',').includes(name));
/** By tool and attack. */
const results = {};
const scratch = mkdtempSync('/run/attacks-');
const outer = makeOuter(values.parent);
try {
  const who = account(values.user);
  chownSync(scratch, who.uid, who.uid);
  if (who.uid !== 0) outer.delegateTo(who.uid);
  const program = values.program ?? join(scratch, 'attack');
  if (!existsSync(program)) compile(program);
  const stage = await makeStage(who, program);
  try {
    for (const tool of names) {
      results[tool] = {};
      await inLanes(chosen, Number(values.jobs), async (attack) => {
        const started = performance.now();
        const { result, seen } = await tryAttack(attack, tool, { stage, outer, who, scratch, slowness });
        results[tool][attack.name] = result;
        if (values.verbose) {
          const text = result === 'did not start' ? ` ${seen.status} ${seen.signal} ${seen.stderr.trim()}` : '';
          console.error(`${tool} ${attack.name}: ${result} (${(performance.now() - started).toFixed(0)} ms)${text}`);
        }
        // What one has left takes from the room of the next.
        if (values.jobs === '1') await outer.clear();
      });
      await outer.clear();
    }
  } finally {
    await stage.remove();
  }
} finally {
  await outer.remove();
  rmSync(scratch, { recursive: true });
}

/** What has worked of all that is seen to work without a sandbox, where that was tried. */
function cell(tool, kind) {
  const tried = chosen.filter((each) => each.kind === kind && (results.none?.[each.name] ?? 'works') === 'works');
  return `${tried.filter(({ name }) => results[tool][name] === 'works').length} of ${tried.length}`;
}

const notHeld = chosen.filter((each) => results.memcage?.[each.name] === 'works' && !each.isKnown);
const notStarted = names.flatMap((tool) =>
  chosen.filter(({ name }) => results[tool][name] === 'did not start').map(({ name }) => `${tool}: ${name}`),
);
if (values.json) {
  const versions = Object.fromEntries(names.map((name) => [name, versionOf(name)]));
  console.log(JSON.stringify({ kernel: release(), cgroups, user: values.user, versions, results }, undefined, 1));
} else {
  const table = [
    [
      `Linux ${release()}, cgroup v${cgroups}, ${values.user}`,
      ...names.map((name) => `${name} ${versionOf(name)}`.trim()),
    ],
    names.map(() => '---').concat('---'),
    ...Object.keys(kinds).map((kind) => [kind, ...names.map((tool) => cell(tool, kind))]),
  ];
  console.log(table.map((row) => `| ${row.join(' | ')} |`).join('\n'));
}
for (const { name } of notHeld) console.error(`memcage has not held ${name}`);
for (const each of notStarted) console.error(`did not start: ${each}`);
if (notHeld.length + notStarted.length > 0) process.exitCode = 1;
