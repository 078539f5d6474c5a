import fc from 'fast-check';
import { excessOf } from '../../../lib/process/channel';

const MIB = 2 ** 20;
const heard = { listenerCount: () => 1 };
const unheard = { listenerCount: () => 0 };
const large = 'sent a message of more than 64 MiB';

function announced(...lengths: number[]): Buffer {
  return Buffer.concat(
    lengths.map((length) => {
      const header = Buffer.alloc(4);
      header.writeUInt32BE(length);
      return Buffer.concat([header, Buffer.alloc(Math.min(length, 1000))]);
    }),
  );
}

test('a line may have 64 MiB, and so may the next', () => {
  const excess = excessOf(heard, undefined);
  const part = Buffer.alloc(MIB, 'x');
  for (let line = 0; line < 2; line += 1) {
    for (let n = 0; n < 64; n += 1) expect(excess(part)).toBeUndefined();
    expect(excess(Buffer.from('\n'))).toBeUndefined();
  }
  for (let n = 0; n < 64; n += 1) expect(excess(part)).toBeUndefined();
  expect(excess(Buffer.from('x'))?.what).toBe(large);
});

test('an announced message is too large before it comes, wherever its four bytes are cut', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 5 });
  fc.assert(
    fc.property(lengths, fc.boolean(), fc.integer({ min: 1, max: 9 }), (before, isTooLarge, step) => {
      const bytes = announced(...before, 64 * MIB + (isTooLarge ? 1 : 0));
      const excess = excessOf(heard, 'advanced');
      const found: unknown[] = [];
      for (let at = 0; at < bytes.length; at += step) found.push(excess(bytes.subarray(at, at + step))?.what);
      expect(found.includes(large)).toBe(isTooLarge);
    }),
  );
});

test('a length of four bytes is never below zero', () => {
  expect(excessOf(heard, 'advanced')(announced(0xffff_fff0))?.what).toBe(large);
});

test('messages that nobody listens to may have 1 MiB in all, until somebody does', () => {
  let listeners = 0;
  const excess = excessOf({ listenerCount: () => listeners }, 'json');
  const lines = Buffer.from('"x"\n'.repeat(MIB / 4));
  expect(excess(lines)).toBeUndefined();
  listeners = 1;
  expect(excess(lines)).toBeUndefined();
  listeners = 0;
  expect(excess(lines)).toBeUndefined();
  expect(excess(lines)?.what).toBe('sent more than 1 MiB of messages that nobody listens to');
  expect(excessOf(unheard, 'json')(lines)).toBeUndefined();
});
