import { lastLine } from '../../../../lib/common/text/last-line';
import { testRows } from '../../../support/rows';

const STACK = `[eval]:1
throw Object.assign(new Error('no room'), { code: 'E' })
^

Error: no room
    at [eval]:1:21 {
  code: 'E'
}

Node.js v22.12.0
`;

testRows<[written: string | Buffer, line: string]>(
  'the last line says why a program failed',
  [
    ['', ''],
    ['\n \n', ''],
    ['one\ntwo\n\n', 'two'],
    ['bash: line 1: no', 'bash: line 1: no'],
    ['10 %\r20 %\r', '20 %'],
    ['of Windows\r\n', 'of Windows'],
    [Buffer.from("can't\n"), "can't"],
    [STACK, 'Error: no room'],
    ['Traceback (most recent call last):\n  File "<string>", line 1\nValueError: x\n', 'ValueError: x'],
    [
      'Exception in thread "main" java.lang.Error: x\n\tat A.main(A.java:1)\n',
      'Exception in thread "main" java.lang.Error: x',
    ],
    ['  all of it is\n  indented\n', 'indented'],
    ['\x1b[31mred\x1b[0m\n', 'red'],
    ['a\x07b\u202ec\x1b', 'a\\u0007b\\u202ec\\u001b'],
    [`${'x'.repeat(200)}\n`, 'x'.repeat(200)],
    [`${'x'.repeat(201)}\n`, `${'x'.repeat(197)}...`],
    ['\x01'.repeat(300), `${'\\u0001'.repeat(33).slice(0, 197)}...`],
    [`first\n${'y'.repeat(100_000)}`, `${'y'.repeat(197)}...`],
  ],
  ([written, line]) => expect(lastLine(written)).toBe(line),
);
