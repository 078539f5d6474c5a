// Usage: run.mjs (by `npm run test:reproducible`)
// Packs HEAD as a release does, in root file systems of Debian 12 and 13, whose own compilers differ, and from directories of different
// names. Exit code 1 unless both tarballs have the same bytes. Run it as root.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { record } from '../packed/record.mjs';
import { installTools } from '../packed/tools.mjs';

const root = join(import.meta.dirname, '../..');
const SUITES = ['bookworm', 'trixie'];

const place = mkdtempSync(join(tmpdir(), 'memcage-reproducible-'));
process.on('exit', () => rmSync(place, { recursive: true, force: true, maxRetries: 5 }));

function run(file, ...args) {
  return execFileSync(file, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
}

function copy(from, into) {
  mkdirSync(into, { recursive: true });
  run('cp', '--archive', '--reflink=auto', from, into);
}

/** All that a release needs there, since the root file systems have no network. */
function prepare(home, checkout) {
  run('git', 'clone', '--quiet', root, checkout);
  copy(join(root, 'node_modules'), checkout);
  copy(join(installTools('npm'), 'node_modules/npm'), home);
  const node = dirname(dirname(run(process.execPath, 'scripts/nodes.mjs', '--install', '24')));
  // build/nodes/NAME/node_modules/PACKAGE
  copy(join(node, '../..'), join(checkout, 'build/nodes'));
  copy(run('scripts/release/root'), join(home, 'cache/memcage-roots'));
  return node;
}

function pack(suite) {
  const home = join(place, suite);
  const checkout = join(home, `checkout-${suite}`);
  mkdirSync(home);
  const node = prepare(home, checkout);
  const there = `/mnt/package/${basename(checkout)}`;
  const script = `mkdir /tmp/bin && ln -s /mnt/package/npm/bin/npm-cli.js /tmp/bin/npm && cd ${there} && umask 022
    export PATH=/tmp/bin:$PATH XDG_CACHE_HOME=/mnt/package/cache npm_config_update_notifier=false MEMCAGE_PINNED=1
    npm run test:pack`;
  const enter = ['test/roots/enter', run('test/roots/make', suite), home, node, 'sh', '-ec', script];
  run('unshare', '--mount', '--propagation', 'private', ...enter);
  const bytes = readFileSync(join(checkout, 'build/package/memcage.tgz'));
  rmSync(home, { recursive: true });
  const hash = createHash('sha256').update(bytes).digest('hex');
  console.log(`${hash} from ${suite}`);
  return hash;
}

const hashes = new Set(SUITES.map(pack));
const isSame = hashes.size === 1;
console.log(`${isSame ? 'ok' : 'not ok'} - the tarball has the same bytes from ${SUITES.join(' and ')}`);
record('reproducible', { passed: Number(isSame), failed: Number(!isSame) });
if (!isSame) process.exitCode = 1;
