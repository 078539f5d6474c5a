// Programs of npm that only tests of the package need, in versions that have been tried. They are installed when they are asked
// for first, and kept in build/tools: with them `npm ci` would take longer for everybody.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const directory = join(import.meta.dirname, '../../build/tools');

/** Those of a line are used together. */
const TOOLS = {
  bundlers: {
    ...{ esbuild: '0.28.2', webpack: '5.113.0', 'webpack-cli': '7.3.1', postject: '1.0.0-alpha.6' },
    ...{ rollup: '4.68.8', '@rollup/plugin-commonjs': '29.0.3', '@rollup/plugin-node-resolve': '16.0.3' },
  },
  installers: { '@yarnpkg/cli-dist': '4.18.1', pnpm: '10.34.9' },
  npm: { npm: '11.19.1' },
  registry: { verdaccio: '6.10.4' },
};

/** verdaccio asks for a version by a tag that a mirror of the registry may lack. */
const OVERRIDES = { 'node-fetch@cjs': '^2.7.0' };

/** The directory with node_modules/ in it. */
export function installTools(name) {
  const packages = Object.entries(TOOLS[name]).map(([tool, version]) => `${tool}@${version}`);
  const place = join(directory, `${name}-${Object.values(TOOLS[name]).join('-')}`);
  if (existsSync(place)) return place;
  mkdirSync(directory, { recursive: true });
  // Under another name first, so that an interrupted install does not count.
  const making = mkdtempSync(join(directory, 'making-'));
  try {
    writeFileSync(join(making, 'package.json'), JSON.stringify({ private: true, overrides: OVERRIDES }));
    const words = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', ...packages];
    execFileSync('npm', words, { cwd: making, stdio: ['ignore', 'ignore', 'inherit'] });
    renameSync(making, place);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return place;
}
