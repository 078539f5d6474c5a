import { SmapsReader } from '../../../../lib/cage/evidence/reading/smaps';
import { testRows } from '../../../support/rows';

interface Figures {
  rss?: number;
  pss?: number;
  anonymous?: number;
  swap?: number;
  device?: string;
}

function mapping(name: string, { rss = 0, pss = rss, anonymous = 0, swap = 0, device = '00:00' }: Figures): string {
  const header = `7f0000000000-7f0000100000 rw-p 00000000 ${device} 12 ${' '.repeat(20)}${name}`;
  const fields = {
    Size: 1024,
    Rss: rss,
    Pss: pss,
    Pss_Dirty: 9,
    Anonymous: anonymous,
    AnonHugePages: 7,
    Swap: swap,
    SwapPss: 5,
  };
  const lines = Object.entries(fields).map(([field, kilobytes]) => `${field}:  ${kilobytes} kB`);
  return [header.trimEnd(), ...lines, 'VmFlags: rd wr mr', ''].join('\n');
}

/** mountinfo has it in decimal digits, smaps in hexadecimal ones. */
const TMPFS = new Set(['0:61']);

describe('the mappings of a process', () => {
  testRows(
    'are of a kind by their names and devices',
    [
      ['[heap]', { rss: 8, anonymous: 8 }, 'heap', 8],
      ['', { rss: 8, anonymous: 8, swap: 2 }, 'anonymous', 10],
      ['[anon:v8]', { rss: 8, anonymous: 8 }, 'anonymous', 8],
      ['[stack]', { rss: 8, anonymous: 8 }, 'stack', 8],
      ['/usr/lib/libc.so.6', { rss: 80, anonymous: 4, device: 'fe:00' }, 'files', 4],
      ['/mnt/file', { rss: 80, pss: 40, device: '00:3d' }, 'shared', 40],
      ['/memfd:name (deleted)', { rss: 80, pss: 20, device: '00:01' }, 'shared', 20],
      ['/SYSV0000abcd (deleted)', { rss: 80, device: '00:01' }, 'shared', 80],
      ['/dev/zero (deleted)', { rss: 80, device: '00:01' }, 'shared', 80],
      ['[anon_shmem:name]', { rss: 80, device: '00:01' }, 'shared', 80],
    ] as const,
    ([name, figures, kind, kilobytes]) => {
      const reader = new SmapsReader(TMPFS);
      reader.add(mapping(name, figures));
      const { kinds, mappings } = reader.end();
      expect(kinds).toMatchObject({ [kind]: kilobytes * 1024 });
      expect(mappings).toMatchObject([{ kind, heldBytes: kilobytes * 1024, name: name === '' ? '[anonymous]' : name }]);
    },
  );

  test('are added up by name, wherever a text is cut', () => {
    const text = mapping('', { anonymous: 4 }) + mapping('[heap]', { anonymous: 1 }) + mapping('', { anonymous: 8 });
    for (let at = 0; at < text.length; at += 7) {
      const reader = new SmapsReader(TMPFS);
      reader.add(text.slice(0, at));
      reader.add(text.slice(at));
      expect(reader.end().mappings.map(({ name, heldBytes }) => [name, heldBytes])).toEqual([
        ['[anonymous]', 12 * 1024],
        ['[heap]', 1024],
      ]);
    }
  });

  test('are the ten largest', () => {
    const reader = new SmapsReader(TMPFS);
    for (let size = 1; size <= 30; size += 1) reader.add(mapping(`[anon:${size}]`, { anonymous: size }));
    expect(reader.end().mappings.map(({ heldBytes }) => heldBytes / 1024)).toEqual([
      30, 29, 28, 27, 26, 25, 24, 23, 22, 21,
    ]);
  });
});
