import { NODES, TABLES } from './option-facts.mjs';
import { publicOptions } from './public-options.mjs';

const options = publicOptions();
const USUAL = { v1: '✓', v2: '✓', polled: '✓', linux: '' };
const rows = TABLES.flatMap(({ title, page, usual, rows: own }) =>
  own.map(([path, what, more]) => ({ title, path, what, page, ...USUAL, ...usual, ...more })),
);

/**
 * The rows of all tables: what the facts say, and from the types the `functions`, those of them that have it `required`, and
 * the `fallback`. `around` is the row of the option within which it is one.
 *
 * @throws Error for an option without a row, a row without an option, and an option whose comment has no default
 */
export function optionRows() {
  const lost = [...options].flatMap(([path, takers]) => [...takers.keys()].filter((name) => isLost(path, name)));
  if (lost.length > 0) throw new Error(`not in scripts/docs/option-facts.mjs: ${lost.join(', ')}`);
  return rows.map((row) => {
    const takers = takersOf(row);
    const around = aroundOf(row);
    const isOfTable = TABLES.some(({ page }) => page === row.page);
    return {
      ...row,
      // Unless it says otherwise, the page of the option around it explains it.
      page: isOfTable && around !== undefined ? around.page : row.page,
      around: around?.path,
      functions: takers.map(([name]) => name),
      required: takers.filter(([, { isRequired }]) => isRequired).map(([name]) => name),
      fallback: fallbackOf(row, takers),
    };
  });
}

function isLost(path, name) {
  const isNodes = NODES.includes(path);
  return !isNodes && !rows.some((row) => row.path === path && takersOf(row).some(([taker]) => taker === name));
}

/** Those of its own, or those of which no other row with this name is. */
function takersOf({ path, of }) {
  const takers = [...(options.get(path) ?? [])];
  const others = rows.filter((row) => row.path === path).flatMap((row) => row.of ?? []);
  const own = takers.filter(([name]) => (of === undefined ? !others.includes(name) : of.includes(name)));
  if (own.length === 0) throw new Error(`${path} of scripts/docs/option-facts.mjs is no option`);
  return own;
}

function aroundOf({ path }) {
  const parts = path.split('.');
  const paths = parts.map((_, index) => parts.slice(0, index).join('.')).reverse();
  return paths.map((each) => rows.find((row) => row.path === each && row.of === undefined)).find(Boolean);
}

/** Empty if it is that of the option around. */
function fallbackOf({ path, isShort }, takers) {
  const first = takers.map(([, use]) => use).find(({ isRequired, fallback }) => !isRequired || fallback !== undefined);
  if (first === undefined || first.isAsAround) return '';
  if (first.fallback === undefined) throw new Error(`${path} has no "Default: ..." in its comment`);
  const text = first.fallback.replaceAll(/\{@link (\S+?) *\}/g, '`$1`');
  return isShort ? text.split(',', 1)[0] : text;
}
