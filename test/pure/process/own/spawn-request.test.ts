import { nodeCall } from '../../../../lib/process/node-call';
import { type OwnRequest, ownRequest } from '../../../../lib/process/own/spawn-request';
import { stdioEntries } from '../../../../lib/process/own/stdio-option';
import { withCode } from '../../../support/error-code';
import { testRows } from '../../../support/rows';

function requestOf(...args: unknown[]): OwnRequest {
  return ownRequest(nodeCall('spawn', args));
}

function stdioOf(option: unknown): unknown[] {
  const entries = stdioEntries(option, () => ({ fd: -1, isOurs: true, close() {} }));
  return entries.map(({ type, fd }) => (fd === undefined ? type : `${type} ${fd}`));
}

test('what is left out has the defaults of Node', () => {
  const { envPairs, ...rest } = requestOf('make');
  expect(rest).toEqual({
    file: 'make',
    args: ['make'],
    cwd: undefined,
    detached: false,
    uid: undefined,
    gid: undefined,
  });
  expect(envPairs).toContain(`PATH=${process.env['PATH']}`);
});

test('an inherited variable counts, and an undefined one does not', () => {
  const env = Object.assign(Object.create({ A: 1 }) as object, { B: undefined, C: '' });
  expect(requestOf('make', [], { env }).envPairs).toEqual(['C=', 'A=1']);
});

test('a shell gets the words as one line', () => {
  const { file, args } = requestOf('echo', ['a', 1], { shell: true, argv0: 'name' });
  expect([file, args]).toEqual(['/bin/sh', ['name', '-c', 'echo a 1']]);
});

describe('refuses', () => {
  const bad: unknown[][] = [
    [undefined],
    [''],
    ['make', 'all'],
    ['make', [], null],
    ['make', [], { cwd: 1 }],
    ['make', [], { detached: 1 }],
    ['make', [], { uid: 1.5 }],
    ['make', [], { gid: '1' }],
    ['make', [], { shell: 1 }],
    ['make', [], { argv0: 1 }],
  ];
  testRows('arguments as Node does', bad, (args) => {
    expect(() => requestOf(...args)).toThrow(withCode('INVALID_ARGUMENT'));
  });

  testRows('stdio that is none', ['other', 1, ['other'], [-1], [{}], [new Uint8Array()], [NaN]], (option) => {
    expect(() => stdioOf(option)).toThrow(withCode('INVALID_ARGUMENT'));
  });

  test('a channel, with what to do instead', () => {
    const refusal = expect.objectContaining({
      code: 'ERR_MEMCAGE_UNSUPPORTED_NODE',
      cure: expect.any(String) as string,
    });
    expect(() => stdioOf(['pipe', 'pipe', 'pipe', 'ipc'])).toThrow(refusal as Error);
    expect(() => requestOf('make', [], { serialization: 'json' })).toThrow(refusal as Error);
  });
});

const STDIO: [unknown, string[]][] = [
  [undefined, ['pipe', 'pipe', 'pipe']],
  ['overlapped', ['pipe', 'pipe', 'pipe']],
  ['ignore', ['ignore', 'ignore', 'ignore']],
  ['inherit', ['inherit 0', 'inherit 1', 'inherit 2']],
  [[], ['pipe', 'pipe', 'pipe']],
  [
    ['ignore', null, 'inherit', undefined, 'pipe'],
    ['ignore', 'pipe', 'inherit 2', 'ignore', 'pipe'],
  ],
  [
    [7, { fd: 8 }, { _handle: { fd: 9 } }],
    ['fd 7', 'fd 8', 'fd 9'],
  ],
];
testRows('reads stdio as Node does', STDIO, ([option, expected]) => {
  expect(stdioOf(option)).toEqual(expected);
});
