// The cgroup of a whole trial. What no sandbox limits stops here, and whatever is left in it is killed.
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const TOP = '/sys/fs/cgroup';
export const version = existsSync(join(TOP, 'cgroup.controllers')) ? 2 : 1;
/** By controller, where its hierarchy is mounted: that of memory comes first. */
const hierarchies =
  version === 2
    ? { '': TOP }
    : Object.fromEntries(['memory', 'pids', 'cpuacct'].map((name) => [name, realpathSync(join(TOP, name))]));
const ROOM = 512 * 2 ** 20;
const LIMIT_FILE = version === 2 ? 'memory.max' : 'memory.limit_in_bytes';

/** This process's own cgroup, from the mount. */
function ownPath(controller) {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').split('\n');
  const [, path] = lines
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line)?.slice(1) ?? [])
    .find(([names]) => names?.split(',').includes(controller));
  return path;
}

const controllersOf = (cgroup) => readFileSync(join(cgroup, 'cgroup.controllers'), 'utf8').trim().split(' ');
const enable = (cgroup) => {
  const wanted = controllersOf(cgroup).filter((name) => ['memory', 'pids', 'cpu', 'io', 'cpuset'].includes(name));
  writeFileSync(join(cgroup, 'cgroup.subtree_control'), wanted.map((name) => `+${name}`).join(' '));
};

const processesOf = (cgroup) => readFileSync(join(cgroup, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);

function* below(cgroup) {
  for (const entry of readdirSync(cgroup, { withFileTypes: true }))
    if (entry.isDirectory()) yield* below(join(cgroup, entry.name));
  yield cgroup;
}

/** All cgroups of the machine with such a name. Others come and go meanwhile. */
export function cgroupsNamed(name, directory = TOP) {
  let entries = [];
  try {
    entries = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'ENODEV') throw error;
  }
  return entries.flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.name === name ? [path] : cgroupsNamed(name, path);
  });
}

/**
 * @param {string | undefined} parent a cgroup with memory below which to make it. Default: this process's own
 */
export function makeOuter(parent) {
  const name = `outer-${process.pid}`;
  const [first, ...others] = Object.entries(hierarchies).map(([controller, mount]) => join(mount, ownPath(controller)));
  if (parent === undefined && version === 2 && first !== `${TOP}/`) {
    const own = join(first, 'harness');
    mkdirSync(own, { recursive: true });
    // What started this is there too, and a cgroup with processes has no limits for those below it.
    for (const pid of processesOf(first)) writeFileSync(join(own, 'cgroup.procs'), pid);
  }
  if (version === 2) enable(parent ?? first);
  const all = [parent ?? first, ...others].map((each) => join(each, name));
  const [outer] = all;
  for (const each of all) mkdirSync(join(each, 'cages'), { recursive: true });
  const procs = version === 2 ? [join(outer, 'procs')] : all;
  if (version === 2) {
    mkdirSync(procs[0]);
    enable(outer);
    enable(join(outer, 'cages'));
  }
  const hold = join(outer, 'memory.use_hierarchy');
  if (version === 1 && readFileSync(hold, 'utf8').trim() === '0') writeFileSync(hold, '1');
  limit(outer, ROOM);

  let owner;
  let bares = 0;

  return {
    /** What a tool starts in: each of these. */
    procs,
    /** By controller, where those that make cgroups make them, from the mount of the hierarchy. */
    paths: Object.fromEntries(
      Object.entries(hierarchies).map(([controller, mount], i) => [
        controller,
        join(all[i], 'cages').slice(mount.length),
      ]),
    ),
    cages: join(outer, 'cages'),

    delegateTo(uid) {
      owner = uid;
      for (const each of all) for (const cgroup of below(each)) give(cgroup, uid);
    },

    /** A cgroup with nothing but the limit, for what attacks that. */
    makeBare(bytes) {
      bares += 1;
      const bare = join(outer, 'cages', `bare-${bares}`);
      mkdirSync(bare);
      if (owner !== undefined) give(bare, owner);
      limit(bare, bytes);
      return bare;
    },

    async clear() {
      for (let attempt = 0; attempt < 100; attempt++) {
        const pids = [...below(outer)].flatMap(processesOf).map(Number);
        if (pids.length === 0) break;
        for (const pid of pids) {
          try {
            process.kill(pid, 'SIGKILL');
          } catch {
            // It has ended.
          }
        }
        await sleep(20);
      }
      for (const each of all)
        for (const cgroup of below(each))
          if (![each, ...procs, join(each, 'cages')].includes(cgroup)) tryToRemove(cgroup);
    },

    async remove() {
      await this.clear();
      for (const each of all) for (const cgroup of below(each)) tryToRemove(cgroup);
    },
  };
}

/** Without swap, which takes long to fill. */
function limit(cgroup, bytes) {
  const ofSwap = { 'memory.memsw.limit_in_bytes': bytes, 'memory.swap.max': 0 };
  for (const [name, value] of Object.entries({ [LIMIT_FILE]: bytes, ...ofSwap }))
    if (existsSync(join(cgroup, name))) writeFileSync(join(cgroup, name), String(value));
}

/** As systemd delegates one, and with the limit: on v1 whoever makes a cgroup has all of its files. */
function give(cgroup, uid) {
  for (const name of ['.', 'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads', 'tasks', LIMIT_FILE])
    if (existsSync(join(cgroup, name))) chownSync(join(cgroup, name), uid, uid);
}

function tryToRemove(cgroup) {
  try {
    rmdirSync(cgroup);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}
