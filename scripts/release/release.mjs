// Usage: release.mjs VERSION [--registry URL] (by `npm run release -- VERSION`)
// Releases HEAD as that version: refuses what is not committed or not tested, sets the version, writes the heading of the
// changelog, builds, packs and checks, commits and tags, and publishes. It pushes nothing. RELEASING.md says what is
// before and after it.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withHeading } from './changelog.mjs';
import { refusals } from './refusals.mjs';
import { git } from './tested.mjs';

const root = join(import.meta.dirname, '../..');
const CHANGED = ['package.json', 'package-lock.json', 'CHANGELOG.md'];
const TARBALL = 'build/package/memcage.tgz';
/** Of semver.org, without what follows a plus sign: npm drops that. */
const VERSION = /^\d+\.\d+\.\d+(-[0-9a-z][0-9a-z.-]*)?$/i;

function parse([version = '', option, registry, ...rest]) {
  const isKnown = option === undefined || (option === '--registry' && registry !== undefined);
  if (!VERSION.test(version) || !isKnown || rest.length > 0)
    throw new Error('Usage: npm run release -- VERSION [--registry URL]');
  return { version, registry };
}

/** With binaries that have the same bytes from each machine. */
const env = { ...process.env, MEMCAGE_PINNED: '1' };

function npm(...args) {
  execFileSync('npm', args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
}

function write(version) {
  npm('version', version, '--no-git-tag-version', '--loglevel=warn');
  const path = join(root, 'CHANGELOG.md');
  const date = new Date().toISOString().slice(0, 10);
  writeFileSync(path, withHeading(readFileSync(path, 'utf8'), { version, date }));
}

function make() {
  npm('run', 'test:package');
  npm('run', 'lint:package');
  npm('run', 'sbom');
}

/** What makes `npm install memcage` another version: no version with a hyphen. */
const distTag = (version) => (version.includes('-') ? 'next' : 'latest');

function publish(version, registry) {
  const to = registry === undefined ? [] : ['--registry', registry];
  // Only a workflow can prove where a tarball comes from. npm takes its identity for a token there.
  const provenance = process.env.ACTIONS_ID_TOKEN_REQUEST_URL === undefined ? [] : ['--provenance'];
  npm('publish', TARBALL, '--loglevel=warn', '--access', 'public', '--tag', distTag(version), ...provenance, ...to);
}

const { version, registry } = parse(process.argv.slice(2));
const reasons = refusals(version);
if (reasons.length > 0) {
  for (const reason of reasons) console.error(`No release: ${reason}`);
  process.exit(1);
}
const tag = `v${version}`;
try {
  write(version);
  make();
} catch (error) {
  git('checkout', '--quiet', '--', ...CHANGED);
  throw error;
}
git('commit', '--quiet', '--message', `Release ${version}`, '--', ...CHANGED);
git('tag', '--annotate', tag, '--message', tag);
try {
  publish(version, registry);
} catch (error) {
  console.error(
    `Nothing was pushed. If the registry does not have ${version} (npm view memcage@${version}), begin again after: ` +
      `git tag --delete ${tag} && git reset --hard HEAD~1`,
  );
  throw error;
}
console.log(`Published ${version}. Now: git push --atomic origin HEAD ${tag}`);
