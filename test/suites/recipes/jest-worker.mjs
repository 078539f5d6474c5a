import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJest } from '../readers/jest.mjs';
import { npmInstall } from './npm-install.mjs';

// Of the repository, which is a workspace of Yarn with 60 packages, the folder of jest-worker is enough. Its tests run
// in a project of their own, with the packages of Jest from the registry in place of those beside it.
const PROJECT = 'memcage-suites';

const BABEL = ['core', 'preset-env', 'preset-typescript', 'plugin-transform-modules-commonjs'];

function makeProject(place) {
  const project = join(place, PROJECT);
  const from = join(place, 'packages/jest-worker');
  mkdirSync(project, { recursive: true });
  cpSync(join(from, 'src'), join(project, 'src'), { recursive: true });
  cpSync(join(place, 'babel.config.js'), join(project, 'babel.config.js'));
  const { version, engines, dependencies, devDependencies } = JSON.parse(
    readFileSync(join(from, 'package.json'), 'utf8'),
  );
  const named = { ...dependencies, ...devDependencies };
  const known = Object.entries(named).filter(([, range]) => !range.startsWith('workspace:'));
  const beside = Object.keys(named).filter((name) => named[name].startsWith('workspace:'));
  const manifest = {
    private: true,
    engines,
    devDependencies: {
      ...Object.fromEntries(known),
      ...Object.fromEntries([...beside, 'jest', 'babel-jest'].map((name) => [name, `^${version}`])),
      ...Object.fromEntries(BABEL.map((name) => [`@babel/${name}`, '^7.27.1'])),
      // For what it is built to.
      'jest-worker': version,
      semver: '^7.7.2',
      'graceful-fs': '^4.2.11',
    },
    jest: {
      testEnvironment: 'node',
      testMatch: ['<rootDir>/src/**/__tests__/**/*.test.ts'],
      testPathIgnorePatterns: ['/__temp__/'],
      testTimeout: 70_000,
      snapshotFormat: { printBasicPrototype: true },
    },
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest, null, 2));
}

/** One test takes what the package is built to, which the registry has. */
function copyBuild(place) {
  const project = join(place, PROJECT);
  cpSync(join(project, 'node_modules/jest-worker/build'), join(project, 'build'), { recursive: true });
}

export default {
  repository: 'jestjs/jest',
  directory: 'jest',
  tag: 'v30.4.2',
  prepare: [makeProject, [...npmInstall, '--prefix', PROJECT], copyBuild],
  within: PROJECT,
  seconds: 600,
  command: ({ node, output, files = [] }) => [
    ...[node, 'node_modules/jest/bin/jest.js', '--runInBand', '--json', `--outputFile=${output}`, ...files],
  ],
  read: ({ output, place }) => readJest(readFileSync(output, 'utf8'), place),
};
