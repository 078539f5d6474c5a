// Where the sources of a suite are, and how they get there. None of them is part of this repository.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const READY = '.memcage-suites-ready';

/**
 * Directory of a checkout in which the suite can run. It is DIRECTORY of MEMCAGE_TEST_SOURCES, if that has one;
 * else it is cloned. In both cases the tools of the suite are installed in it, once.
 */
export function sourcesOf({ directory, repository, tag, paths, prepare = [], isOurs = false }) {
  if (isOurs) return { place: directory, version: '' };
  const { MEMCAGE_TEST_SOURCES: given } = process.env;
  const own = given === undefined ? undefined : join(given, directory);
  const place =
    own !== undefined && existsSync(own)
      ? own
      : clone(join(cache(), `${directory}-${tag}`), { repository, tag, paths });
  if (!existsSync(join(place, READY))) {
    for (const step of prepare) {
      if (typeof step === 'function') step(place);
      else call(step, place);
    }
    writeFileSync(join(place, READY), '');
  }
  return { place, version: versionOf(place) };
}

function cache() {
  const { XDG_CACHE_HOME: base = join(homedir(), '.cache') } = process.env;
  return join(base, 'memcage-suites');
}

/** @param paths the folders that are wanted of a repository that is too large; undefined: all */
function clone(place, { repository, tag, paths }) {
  if (existsSync(place)) return place;
  // Under another name first, so that an interrupted clone does not count.
  const making = `${place}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  try {
    const sparse = paths === undefined ? [] : ['--filter=blob:none', '--sparse'];
    const from = `https://github.com/${repository}.git`;
    const quiet = ['-c', 'advice.detachedHead=false', 'clone', '--quiet'];
    call(['git', ...quiet, '--depth', '1', '--branch', tag, ...sparse, from, making], '/');
    if (paths !== undefined) call(['git', 'sparse-checkout', 'set', ...paths], making);
    renameSync(making, place);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return place;
}

function call([file, ...args], cwd) {
  console.log(`--- ${[file, ...args].join(' ')}`);
  // What is made says nothing on stdout that anybody wants to read.
  execFileSync(file, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
}

/** By git, or as Node's own sources say it, which Debian has without git. */
function versionOf(place) {
  const header = join(place, 'src/node_version.h');
  if (existsSync(header)) {
    const text = readFileSync(header, 'utf8');
    return ['MAJOR', 'MINOR', 'PATCH'].map((part) => new RegExp(`${part}_VERSION (\\d+)`).exec(text)?.[1]).join('.');
  }
  const described = execFileSync('git', ['describe', '--tags', '--always'], { cwd: place, encoding: 'utf8' });
  return described.trim().replace(/^v/, '');
}
