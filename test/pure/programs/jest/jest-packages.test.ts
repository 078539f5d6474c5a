import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findJestPackages } from '../../../../lib/programs/jest/jest-packages';

let directory: string;
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'memcage-jest-')));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The packages of Jest, each with its own files in a store, and links only to what it depends on: as pnpm installs them. */
function installAsPnpm(): void {
  add('jest', ['bin/jest.js'], ['@jest/core']);
  add('@jest/core', [], ['jest-runner']);
  add('jest-runner', ['build/testWorker.js'], ['jest-worker']);
  add('jest-worker', ['build/processChild.js'], ['@ungap/structured-clone']);
  add('@ungap/structured-clone', [], []);
  link('project/node_modules/jest', 'jest');
}

const inStore = (name: string) => `store/${name.replace('/', '+')}/node_modules`;

function add(name: string, files: string[], dependencies: string[]): void {
  const own = join(directory, inStore(name), name);
  const main = name.startsWith('jest-') ? 'build/index.js' : 'index.js';
  for (const file of [...files, main, 'package.json']) {
    mkdirSync(dirname(join(own, file)), { recursive: true });
    const text = file === 'package.json' ? JSON.stringify({ name, main }) : `exports.deserialize = () => 'by ${name}';`;
    writeFileSync(join(own, file), text);
  }
  for (const dependency of dependencies) link(`${inStore(name)}/${dependency}`, dependency);
}

function link(from: string, name: string): void {
  mkdirSync(dirname(join(directory, from)), { recursive: true });
  symlinkSync(join(directory, inStore(name), name), join(directory, from));
}

test.each([
  ['the program jest', 'project/node_modules/jest/bin/jest.js'],
  ['a module of the project', 'project/index.js'],
])('finds what only Jest can see, from %s', (_, module) => {
  installAsPnpm();
  writeFileSync(join(directory, 'project/index.js'), '');
  const found = findJestPackages([join(directory, 'missing.js'), join(directory, module)]);
  expect({ ...found, unpack: found.unpack('anything') }).toEqual({
    process: join(directory, inStore('jest-worker'), 'jest-worker/build/processChild.js'),
    work: join(directory, inStore('jest-runner'), 'jest-runner/build/testWorker.js'),
    unpack: 'by @ungap/structured-clone',
  });
});

test('without Jest it says what to install', () => {
  // The directory of temporary files may be within a project that has Jest.
  const module = '/dev/null';
  const expected = {
    code: 'ERR_MEMCAGE_NO_PACKAGE',
    message: expect.stringMatching(/npm install --save-dev jest@30/) as string,
  };
  expect(() => findJestPackages([module])).toThrow(expect.objectContaining(expected));
});

test('of a Jest without what memcage needs, too', () => {
  installAsPnpm();
  rmSync(join(directory, inStore('jest-runner'), 'jest-runner/build/testWorker.js'));
  const module = join(directory, 'project/node_modules/jest/bin/jest.js');
  expect(() => findJestPackages([module])).toThrow(/finds no .*testWorker\.js\. It needs Jest 30/);
});
