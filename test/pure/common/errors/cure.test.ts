import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { contradiction, undefinedOption, unknownOption } from '../../../../lib/common/errors/argument-errors';
import { MemcageError, told } from '../../../../lib/common/errors/errors';
import { CURE, mention, words } from '../../../../lib/common/errors/words';
import { testRows } from '../../../support/rows';

const LIB = join(__dirname, '../../../../lib');

/** Errors of the command line are text for people alone. */
const FOR_PEOPLE = 'programs/cli/';

testRows(
  'the cure of an error is the end of its message',
  [
    [new MemcageError('ERR_MEMCAGE_CLOSED', words`closed${CURE}make ${mention('memory')}`), 'make memory'],
    [contradiction('nice', words`no${CURE}leave it out`), 'leave it out'],
    [
      undefinedOption('memory', undefined),
      'leave it out if it has none: ...(value !== undefined && { memory: value })',
    ],
    [unknownOption({ name: 'mem', value: '20M', of: 'run', known: ['memory'] }, 'memory'), "memory: '20M'"],
  ] as const,
  ([error, cure]) => {
    expect(error.cure).toBe(cure);
    expect(error.message).toMatch(/\W Cure: /);
    expect(error.message.endsWith(`Cure: ${cure}`)).toBe(true);
  },
);

it('no error without a cure has one', () => {
  expect('cure' in new MemcageError('ERR_MEMCAGE_CLOSED', 'closed')).toBe(false);
  expect('cure' in contradiction('nice', 'no')).toBe(false);
});

it('tells what an error says apart from its cure', () => {
  expect(told(new MemcageError('ERR_MEMCAGE_CLOSED', words`closed${CURE}open`))).toEqual({
    detail: 'closed',
    cure: 'open',
  });
  expect(told(new Error('no'))).toEqual({ detail: 'no', cure: undefined });
});

it('only one file spells how a cure begins, from which an error takes it', () => {
  const files = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const spelling = files.filter((name) => /['`. ]Cure:/.test(withoutComments(readFileSync(join(LIB, name), 'utf8'))));

  expect(files.length).toBeGreaterThan(100);
  expect(spelling.map((name) => relative('.', name)).filter((name) => !name.startsWith(FOR_PEOPLE))).toEqual([
    'common/errors/words.ts',
  ]);
});

function withoutComments(source: string): string {
  return source.replace(/^\s*(?:\/?\*|\/\/).*$/gm, '');
}
