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
    ['true', { cwd: __dirname }, 'there is no such program in PATH'],
    ['true', { cwd: NONE, hasRoot: true }, 'there is no such program in PATH'],
    ['node -p 1', {}, "did you mean run('node', [ '-p', '1' ])?"],
    ['echo hi | cat', {}, "did you mean run('sh', [ '-c', 'echo hi | cat' ])?"],
    ["node -p '1 + 1'", {}, `did you mean run('sh', [ '-c', "node -p '1 + 1'" ])?`],
    ['my program', { args: ['a'] }, 'there is no such program in PATH'],
    ['nosuch', {}, 'there is no such program in PATH'],
    ['/no/such', { hasRoot: true }, undefined],
  ],
  ([file, given, why]) => {
    const how = { file, args: [], cwd: undefined, hasRoot: false, ...given };
    expect(whyNotStarted(refused('ENOENT', file), how)?.why).toBe(why);
  },
);

test('what can be done about the file is told', () => {
  const how = { file: __filename, args: [], cwd: undefined, hasRoot: false };
  expect(whyNotStarted(refused('EACCES', __filename), how)).toEqual({
    why: 'it is not executable',
    cure: `chmod +x ${__filename}`,
  });
});

test('what failed before the program did is not about it', () => {
  const how = { file: 'none', args: [], cwd: NONE, hasRoot: false };
  const cause = new Error('the child failed at proc');
  expect(whyNotStarted(Object.assign(refused('ENOENT', 'none'), { cause }), how)).toBeUndefined();
});

function refused(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`spawn ${path} ${code}`), { code, path, syscall: `spawn ${path}` });
}
