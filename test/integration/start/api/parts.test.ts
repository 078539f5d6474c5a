import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { run } from 'memcage';
import { version } from '../../../support/cgroups/cgroup-tree';
import { expectNothingLeft } from '../../../support/nothing-left';
import { describeIf } from '../../../support/require';

const DIST = join(__dirname, '../../../../dist');
const INDEX = join(DIST, 'index.js');
const CGROUP = join(DIST, 'cgroup.js');
const NATIVE = join(DIST, 'native.js');
/** The name of a part; see scripts/bundle.mjs. */
const PART = /\/dist\/parts\/(\w+)\.js$/;
/** What starts children. */
const STARTING = ['cage', 'cgroups', 'common', 'files', 'oom', 'process', 'request', 'start'];

/** What a process prints that runs this script, with all of memcage in `memcage`. */
function printed(script: string): string {
  const program = `const memcage = require(${JSON.stringify(INDEX)}); (async () => { ${script} })();`;
  return execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' });
}

/** The names of the parts that a script loads, to the very end: memcage has a handler of `exit`, which has to be the first. */
function partsOf(script: string): string[] {
  const print = `process.on('exit', () => console.log(JSON.stringify(Object.keys(require.cache))))`;
  const paths = printed(`process.once('beforeExit', () => ${print}); ${script}`);
  return (JSON.parse(paths) as string[]).flatMap((path) => PART.exec(path)?.[1] ?? []).sort();
}

describeIf('cgroup', 'the parts of memcage that are loaded', () => {
  expectNothingLeft(() => run('true', { memory: '8M' }));

  test('are none with it, also where all that it has is asked for', () => {
    expect(partsOf('')).toEqual([]);
    expect(partsOf('({ ...memcage }).run')).toEqual([]);
    expect(partsOf('({ ...memcage }).formatSize')).toEqual([]);
    for (const entry of ['cgroup', 'machine', 'child_process', 'native'])
      expect(partsOf(`require(${JSON.stringify(join(DIST, `${entry}.js`))})`)).toEqual([]);
  });

  test('are loaded by a function of theirs when it is called', () => {
    expect(partsOf('memcage.formatSize(1)')).toEqual(['common']);
    expect(partsOf('memcage.parseSize("1M")')).toEqual(['common']);
    expect(printed(`console.log(memcage.formatSize(1024))`)).toBe('1 KiB\n');
  });

  test('are those of a budget for who makes one', () => {
    const parts = partsOf(`await memcage.createBudget({ memory: '64M' }).close()`);
    expect(parts).toEqual(['budget', ...STARTING, ...(version === 1 ? [] : ['parents'])].sort());
  });

  // Loading what runs while a child does, and what explains a failure, must not take a free fd.
  test.each([
    ['ends well', `await memcage.run('true', { memory: '8M' })`],
    ['is killed for its limit', `await memcage.run('tail', ['/dev/zero'], { memory: '8M', reject: false })`],
    ['is too late', `await memcage.run('sleep', ['9'], { memory: '8M', timeout: 50, reject: false })`],
    ['is waited for', `memcage.spawnSync('true', { memory: '8M' })`],
    [
      'is contained',
      `const cage = memcage.createCage({ memory: '8M' });
      await cage.contain(() => require('node:child_process').execFileSync('true'));
      await cage.close();`,
    ],
    ['is shown in detail', `await memcage.run('true', { memory: '8M', memoryDetails: true })`],
    ['is not there', `await memcage.run('/nowhere', { memory: '8M' }).catch(() => {})`],
  ])('are those that start children, for one that %s', (_, script) => {
    // Only on v2 does memcage search for where to make cages.
    expect(partsOf(script)).toEqual(version === 1 ? STARTING : [...STARTING, 'parents'].sort());
  });

  test.each([
    ['can’t be read', `throw Object.assign(new Error('not for you'), { code: 'EACCES' })`, 'not for you'],
    [
      'are of another build',
      `module._compile(fs.readFileSync(path, 'utf8').replace(/"[0-9a-f]{16}"/, '"another build"'), path)`,
      null,
    ],
  ])('that %s are an error that says why, and so is another entry', (_, load, cause) => {
    const said = printed(`
      const fs = require('node:fs');
      const { Module } = require('node:module');
      const stock = Module._extensions['.js'];
      Module._extensions['.js'] = (module, path) => {
        if (/parts.common|native\\.js/.test(path)) { ${load}; } else stock(module, path);
      };
      for (const use of [() => memcage.formatSize(1), () => require(${JSON.stringify(NATIVE)})]) {
        try {
          use();
        } catch (error) {
          const { code, message, cause } = error;
          console.log(JSON.stringify([error instanceof memcage.MemcageError, code, message, cause?.message ?? null]));
        }
      }`);
    const error = [
      true,
      'ERR_MEMCAGE_UNSUPPORTED',
      expect.stringMatching(/^memcage was replaced or removed .* start it again$/),
      cause,
    ];
    const lines = said.trim().split('\n');
    // A file that an `import` of the program itself can't read is Node's own error.
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      cause === null ? [error, error] : [error, [false, 'EACCES', cause, null]],
    );
  });

  // Like jest.resetModules().
  test('belong to what has loaded them, whatever has become of the registry of modules', () => {
    const said = printed(`
      const load = () => ({ ...require(${JSON.stringify(INDEX)}), ...require(${JSON.stringify(CGROUP)}) });
      const before = load();
      for (const path of Object.keys(require.cache)) delete require.cache[path];
      const after = load();
      const found = [after.ExitError !== before.ExitError];
      for (const { run, ExitError, Cgroup, createCage } of [before, after]) {
        const error = await run('false', { memory: '8M' }).catch((thrown) => thrown);
        const cage = createCage({ memory: '8M' });
        found.push(error instanceof ExitError, cage.cgroup instanceof Cgroup);
        await cage.close();
      }
      console.log(JSON.stringify(found));`);
    expect(JSON.parse(said)).toEqual([true, true, true, true, true]);
  });
});
