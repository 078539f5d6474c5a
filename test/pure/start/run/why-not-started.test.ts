import { pathToFileURL } from 'node:url';
import { whyNotStarted } from '../../../../lib/start/run/why-not-started';
import { testRows } from '../../../support/rows';

const NONE = `${__dirname}/none`;

testRows<[file: string, given: object, why: string | undefined]>(
  'why Node says ENOENT',
  [
    ['true', { cwd: NONE }, `there is no directory ${NONE} (cwd)`],
    ['true', { cwd: __filename }, `there is no directory ${__filename} (cwd)`],
    ['true', { cwd: pathToFileURL(NONE) }, `there is no directory ${pathToFileURL(NONE).href} (cwd)`],
    ['true', { cwd: '/no\nne' }, 'there is no directory /no\\nne (cwd)'],
    ['true', { cwd: __dirname }, undefined],
    ['true', { cwd: NONE, hasRoot: true }, undefined],
    ['node -p 1', {}, "did you mean run('node', [ '-p', '1' ])?"],
    ['echo hi | cat', {}, "did you mean run('sh', [ '-c', 'echo hi | cat' ])?"],
    ["node -p '1 + 1'", {}, `did you mean run('sh', [ '-c', "node -p '1 + 1'" ])?`],
    ['my program', { args: ['a'] }, undefined],
    ['nosuch', {}, undefined],
  ],
  ([file, given, why]) => {
    const how = { args: [], cwd: undefined, hasRoot: false, ...given };
    expect(whyNotStarted(refused('ENOENT', file), how)).toBe(why);
  },
);

test('what the kernel says in words is enough', () => {
  const how = { args: [], cwd: NONE, hasRoot: false };
  expect(whyNotStarted(refused('EACCES', 'node -p 1'), how)).toBeUndefined();
});

function refused(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`spawn ${path} ${code}`), { code, path });
}
