import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as memcage from '../../../lib/index';
import { pageText } from '../../support/docs/doc-examples';
import { optionTable } from '../../support/docs/option-table';
import { testRows } from '../../support/rows';

const PAGE = 'docs/reference/options.md';
const root = join(__dirname, '../../..');
const rows = optionTable();

test('no option of a function has two rows', () => {
  const pairs = rows.flatMap(({ path, functions }) => functions.map((name) => `${path} of ${name}`));
  expect(pairs.filter((pair, index) => pairs.indexOf(pair) !== index)).toEqual([]);
});

test('each row says what, of which functions, and what it is without, in few words', () => {
  for (const row of rows) {
    expect(row.functions).not.toEqual([]);
    expect(row.fallback).not.toBe('');
    const words = row.what.split(/\s+/);
    expect({ path: row.path, isShort: words.length <= 8 && row.what !== '' }).toEqual({
      path: row.path,
      isShort: true,
    });
  }
  const words = pageText(PAGE)
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word));
  expect(words.length).toBeLessThanOrEqual(1500);
});

test('each name leads to a heading that is there', () => {
  const lost = rows.filter(({ link }) => {
    const [path = '', anchor] = link.split('#');
    const page = join(dirname(PAGE), path);
    return !existsSync(join(root, page)) || (anchor !== undefined && !anchorsOf(page).includes(anchor));
  });
  expect(lost.map(({ path, link }) => `${path}: ${link}`)).toEqual([]);
});

function anchorsOf(page: string): string[] {
  return [...pageText(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
}

type Call = (options: object) => unknown;

/** The functions that read their options before anything else, and can be called without a kernel. */
const CALLS: Record<string, Call> = {
  spawn: (options) => memcage.spawn('true', [], options),
  fork: (options) => memcage.fork('none.js', [], options),
  exec: (options) => memcage.exec('true', options),
  execFile: (options) => memcage.execFile('true', [], options),
  run: (options) => memcage.run('true', [], options),
  spawnSync: (options) => memcage.spawnSync('true', [], options),
  execFileSync: (options) => memcage.execFileSync('true', [], options),
  execSync: (options) => memcage.execSync('true', options),
  whyUnsupported: (options) => memcage.whyUnsupported(options),
  createCage: (options) => memcage.createCage(options as memcage.CreateCageOptions),
  createLauncher: (options) => memcage.createLauncher(options),
  createWarmPool: (options) => memcage.createWarmPool('none.js', [], options),
  createBudget: (options) => memcage.createBudget(options as memcage.BudgetOptions),
};
/** Functions know these, to say why they can't have them. */
const SYNC = ['thresholds', 'ipcHandles'];
const EXPLAINED: Record<string, readonly string[]> = {
  ...{ spawnSync: SYNC, execFileSync: SYNC, execSync: SYNC },
  createWarmPool: ['untrusted'],
};

testRows('the functions that a row names know its option, and no other does', Object.keys(CALLS), async (called) => {
  const known = new Set(rows.filter(({ functions }) => functions.includes(called)).map(({ path }) => path));
  for (const path of new Set(rows.map((row) => row.path).filter((each) => !each.includes('.')))) {
    if (EXPLAINED[called]?.includes(path) === true) continue;
    const isKnown = await knows(called, path);
    // Node's own of this name are not in the table.
    if (isKnown && !known.has(path) && NODES_TOO.includes(path)) continue;
    expect({ called, path, isKnown }).toEqual({ called, path, isKnown: known.has(path) });
  }
});

const NODES_TOO = ['signal', 'timeout', 'env', 'encoding', 'input', 'maxBuffer'];

/** Gives it no value: memcage refuses that of its own options, after the names that it does not know. */
async function knows(called: string, path: string): Promise<boolean> {
  try {
    await CALLS[called]?.({ memory: undefined, [path]: undefined });
  } catch (error) {
    const { code, option } = error as { code: string; option: string };
    return !(code === 'ERR_MEMCAGE_UNKNOWN_OPTION' && option === path);
  }
  throw new Error(`${called} took no value for ${path}`);
}
