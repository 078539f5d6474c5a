import { spawnSync } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { native } from 'memcage/native';
import { cloneOptions, finish, outputOf, temporaryDirectory } from '../../support/native/native-child';
import { testRows } from '../../support/rows';

type End = { output: string } | { errno: number };

interface Command {
  file: string;
  args?: string[];
  /** undefined: there is no PATH at all. */
  path?: string;
  cwd?: string;
}

function withNode({ file, args = [], path, cwd }: Command): End {
  const env = path === undefined ? {} : { PATH: path };
  const { error, stdout } = spawnSync(file, args, { env, cwd, stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' });
  return error === undefined ? { output: stdout } : { errno: (error as NodeJS.ErrnoException).errno ?? 0 };
}

function withMemcage({ file, args = [], path, cwd }: Command): End {
  const options = {
    file,
    args: [file, ...args],
    env: path === undefined ? [] : [`PATH=${path}`],
    ...(cwd === undefined ? {} : { cwd }),
  };
  const attempt = native.clone(cloneOptions(options));
  if ('stage' in attempt) {
    expect(attempt.stage).toBe('exec');
    return { errno: attempt.errno };
  }
  finish(attempt);
  return { output: outputOf(options) };
}

describe('the program is found as libuv finds it', () => {
  const root = temporaryDirectory();
  const at = (name: string): string => join(root, name);
  const { EACCES, E2BIG, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, ETXTBSY } = constants.errno;
  let writing: number;

  beforeAll(() => {
    for (const name of ['good', 'denied', 'empty', 'directory/tool', 'plain', 'broken', 'loop', 'busy']) {
      mkdirSync(at(name), { recursive: true });
    }
    const programs = {
      'good/tool': '#!/bin/sh\necho good "$@"\n',
      'plain/tool': 'echo plain "$0" "$@"\n',
      'broken/tool': '#!/nowhere/interpreter\n',
      'busy/tool': '#!/bin/sh\n',
    };
    for (const [name, text] of Object.entries(programs)) writeFileSync(at(name), text, { mode: 0o755 });
    writeFileSync(at('denied/tool'), '#!/bin/sh\necho denied\n');
    chmodSync(at('denied/tool'), 0o644);
    symlinkSync('tool', at('loop/tool'));
    writing = openSync(at('busy/tool'), 'a');
  });
  afterAll(() => {
    closeSync(writing);
    rmSync(root, { recursive: true });
  });

  const found = { output: 'good a b\n' };
  const args = ['a', 'b'];
  const path = (...names: string[]): string => names.map(at).join(':');
  const tool = { file: 'tool', args };

  const cases: [what: string, command: Command, end: End][] = [
    ['in PATH', { ...tool, path: path('good') }, found],
    ['in a later directory', { ...tool, path: path('empty', 'nowhere', 'good') }, found],
    ['behind one that may not be run', { ...tool, path: path('denied', 'good') }, found],
    ['behind a directory of that name', { ...tool, path: path('directory', 'good') }, found],
    ['behind an element that is a file', { ...tool, path: path('good/tool', 'good') }, found],
    ['behind a script without its interpreter', { ...tool, path: path('broken', 'good') }, found],
    ['behind an element that is too long', { ...tool, path: `/${'x'.repeat(5000)}:${at('good')}` }, found],
    ['in the first that has it', { ...tool, path: path('good', 'plain') }, found],
    ['nowhere', { ...tool, path: path('empty') }, { errno: -ENOENT }],
    ['only where it may not be run', { ...tool, path: path('denied') }, { errno: -EACCES }],
    ['only where it may not be run, before others', { ...tool, path: path('denied', 'empty') }, { errno: -EACCES }],
    ['as a script without its interpreter', { ...tool, path: path('broken') }, { errno: -ENOENT }],
    ['as a link to itself', { ...tool, path: path('loop', 'good') }, { errno: -ELOOP }],
    ['while someone writes to it', { ...tool, path: path('busy', 'good') }, { errno: -ETXTBSY }],
    ['in the working directory, by an empty PATH', { ...tool, path: '', cwd: at('good') }, found],
    ['there, by an element in front', { ...tool, path: `:${at('empty')}`, cwd: at('good') }, found],
    ['there, by an element in the middle', { ...tool, path: `${at('empty')}::/`, cwd: at('good') }, found],
    ['there, by an element at the end', { ...tool, path: `${at('empty')}:`, cwd: at('good') }, found],
    ['not there when PATH says otherwise', { ...tool, path: at('empty'), cwd: at('good') }, { errno: -ENOENT }],
    ['by a relative element', { ...tool, path: 'good', cwd: root }, found],
    ['without PATH', { file: 'echo', args }, { output: 'a b\n' }],
    ['by an absolute path', { file: at('good/tool'), args, path: '' }, found],
    ['by a path relative to cwd', { file: './tool', args, path: '', cwd: at('good') }, found],
    ['as a path that is a directory', { file: root, path: '' }, { errno: -EACCES }],
    ['as a path through a file', { file: at('good/tool/'), path: '' }, { errno: -ENOTDIR }],
    ['as a name that is too long', { file: 'n'.repeat(300), path: path('good') }, { errno: -ENAMETOOLONG }],
    ['with more arguments than fit', { ...tool, args: ['x'.repeat(1 << 20)], path: at('good') }, { errno: -E2BIG }],
    ['without #!, by PATH', { ...tool, path: path('plain') }, { output: `plain ${at('plain/tool')} a b\n` }],
    ['without #! or arguments', { file: at('plain/tool') }, { output: `plain ${at('plain/tool')}\n` }],
  ];

  testRows(
    'or not, with the same errno',
    cases,
    ([, command, end]) => {
      const ours = withMemcage(command);
      expect(ours).toEqual(withNode(command));
      expect(ours).toEqual(end);
    },
    { name: ([what]) => what },
  );

  test('no name at all is ENOENT', () => {
    expect(withMemcage({ file: '', path: path('good') })).toEqual({ errno: -ENOENT });
  });

  test('the failure names the file', () => {
    const result = native.clone(
      cloneOptions({ file: 'tool', args: ['tool'], env: [`PATH=${path('empty', 'denied')}`] }),
    );
    expect(result).toEqual({ stage: 'exec', errno: -EACCES, path: 'tool', syscall: 'execve' });
  });

  test('argv and the environment are what was given, also when empty', () => {
    const odd = ['zero', '', 'ü€😀', 'a b\nc', '/proc/self/cmdline'];
    expect(outputOf({ file: '/bin/cat', args: ['zero', '/proc/self/cmdline'] })).toBe('zero\0/proc/self/cmdline\0');
    expect(outputOf({ file: '/usr/bin/printf', args: ['printf', '[%s]', ...odd] })).toBe(
      odd.map((word) => `[${word}]`).join(''),
    );
    const env = ['B=2', 'A=1', 'EMPTY=', 'LONG='.padEnd(5000, 'ü'), 'noequals'];
    const options = { file: '/bin/cat', args: ['cat', '/proc/self/environ'] };
    expect(outputOf({ ...options, env })).toBe(env.map((entry) => `${entry}\0`).join(''));
    expect(outputOf({ ...options, env: [] })).toBe('');
  });
});
