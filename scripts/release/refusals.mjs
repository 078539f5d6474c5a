// Why nothing may be released now.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { git, isTested, uncommitted } from './tested.mjs';

const manifest = join(import.meta.dirname, '../../package.json');

/** What only the owner of the repository knows, in package.json. */
const OWNERS = {
  author: ({ author }) => author,
  homepage: ({ homepage }) => homepage,
  'bugs.url': ({ bugs }) => bugs?.url,
  'repository.url': ({ repository }) => repository?.url,
};

/** A line for each reason; none if all is well. */
export function refusals(version) {
  const facts = JSON.parse(readFileSync(manifest, 'utf8'));
  const empty = Object.keys(OWNERS).filter((name) => !OWNERS[name](facts));
  const changes = uncommitted();
  const tag = `v${version}`;
  return [
    ...(empty.length > 0 ? [`package.json does not say: ${empty.join(', ')}. The owner fills them in`] : []),
    ...(changes === '' ? [] : [`there is something that is not committed:\n${changes}`]),
    ...(isTested() ? [] : ['the gate has not passed this commit: bash .ci/run --all']),
    ...(git('tag', '--list', tag) === '' ? [] : [`there is a tag ${tag} already`]),
  ];
}
