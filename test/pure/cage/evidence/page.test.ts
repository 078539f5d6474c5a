import { answerOf } from '../../../../lib/cage/evidence/page/answer';
import { evidencePage } from '../../../../lib/cage/evidence/page/page';
import type { EvidenceReport } from '../../../../lib/cage/evidence/report';
import { type Element, parseXml } from '../../../support/docs/markup';
import { heldFile, MIB, REPORTS, reportWith, share } from '../../../support/evidence/reports';
import { testRows } from '../../../support/rows';

const EVIL =
  '</title></style></script><script>alert(1)</script><img src=x onerror=alert(1)>"\'&<!--\u202e\u0000\ud800\ufffe]]>';
const SEEN = '<script>alert(1)</script>';

const page = (report: EvidenceReport): Element[] => parseXml(evidencePage(report, 'one\ntwo\nthree'));
const named = (elements: readonly Element[], name: string): string[] =>
  elements.filter((each) => each.name === name).map(({ text }) => text);
const ofClass = (elements: readonly Element[], name: string): string[] =>
  elements.filter(({ attributes }) => attributes['class']?.split(' ').includes(name)).map(({ text }) => text);

describe('the page of evidence', () => {
  testRows(
    'has nothing that runs, or is loaded from elsewhere, and no number that is none',
    Object.entries(REPORTS),
    ([, report]) => {
      const elements = page(report);
      expect(elements.filter(({ name }) => /^(script|a|img|iframe|object|form)$/.test(name))).toEqual([]);
      const attributes = elements.flatMap((each) => Object.entries(each.attributes));
      expect(attributes.filter(([key]) => /^on|src/.test(key))).toEqual([]);
      expect(attributes.filter(([key, value]) => key === 'href' && value !== 'data:,')).toEqual([]);
      expect(attributes.filter(([, value]) => /url\(|:\/\//.test(value))).toEqual([]);
      expect(named(elements, 'style').join()).not.toMatch(/url\(|@import|:\/\//);
      const policy = elements.find((each) => 'http-equiv' in each.attributes);
      expect(policy?.attributes['content']).toBe("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
      expect(evidencePage(report, '')).not.toMatch(/NaN|Infinity|undefined|null/);
    },
    { name: ([name]) => name },
  );

  test('shows what a child has named, and obeys none of it', () => {
    const mapping = { name: EVIL, kind: 'anonymous', heldBytes: MIB, rssBytes: MIB, swapBytes: 0 } as const;
    const report = {
      ...reportWith(
        { programs: 20, shared: 75 },
        {
          cage: `/sys/fs/cgroup/${EVIL}`,
          processes: [share(7, 1, 20, { name: EVIL, command: EVIL, mappings: [mapping] })],
          files: Array.from({ length: 7 }, (_, index) => heldFile(`/${index}${EVIL}`, 10)),
          unread: [EVIL],
        },
      ),
      node: [
        {
          ...{ pid: 7, heapUsedBytes: MIB, heapTotalBytes: MIB, heapLimitBytes: MIB },
          ...{ thread: EVIL, spaces: [], stack: [EVIL], snapshot: EVIL },
          native: { buffers: 0, otherExternal: 0, malloced: 0, code: 0, scripts: 0 },
          types: [{ name: EVIL, count: 1, ownBytes: MIB, retainedBytes: MIB }],
        },
      ],
    };
    const html = evidencePage(report, EVIL);
    expect(html).not.toMatch(/<script|<img|\u202e/);
    const elements = parseXml(html);
    for (const className of ['told', 'name', 'command', 'path', 'whose']) {
      expect(ofClass(elements, className).join()).toContain(SEEN);
    }
    for (const name of ['footer', 'li', 'p']) expect(named(elements, name).join()).toContain(SEEN);
  });

  test('begins with the answer, the lines that are told elsewhere, and the kinds in their order', () => {
    const elements = page(
      reportWith({ programs: 60, shared: 30, kernel: 5, pageCache: 2 }, { processes: [share(71, 1, 60)] }),
    );
    expect(named(elements, 'h1')).toEqual(['node (pid 71) held 60 MiB of the 100 MiB limit']);
    expect(named(elements, 'li')).toEqual(['one', 'two', 'three']);
    const kinds = ofClass(elements, 'key');
    expect(kinds.map((text) => text.replace(/[:,].*/, ''))).toEqual([
      'programs',
      'tmpfs and shared memory',
      'the kernel',
      'page cache',
      'all but page cache',
    ]);
    expect(ofClass(elements, 'num').slice(0, 2)).toEqual(['60.0 MiB', '60 %']);
  });

  test('has a chart up to the moment when it was read, if there was time for one', () => {
    const drawn = named(page(reportWith({ programs: 95 })), 'text');
    expect(drawn).toEqual(expect.arrayContaining(['limit', '100 MiB', '95%', '95 MiB', 'read at 950 ms']));
    expect(named(page(reportWith({ programs: 95 }, { samples: [] })), 'h2')).toEqual(['By kind', 'Who held what']);
  });

  test('tells what was not read, and of the heap of Node, where there is something', () => {
    expect(named(page(REPORTS['tree'] as EvidenceReport), 'h2')).toContain('Not read');
    const heap = page(REPORTS['heap'] as EvidenceReport);
    expect(named(heap, 'h2')).toContain('The heap of Node, pid 71');
    expect(ofClass(heap, 'num')).toEqual(expect.arrayContaining(['retained', '50.0 MiB', '1,234,567']));
    expect(named(heap, 'p')).toContain(
      "JavaScript 60.0 MiB of at most 64.0 MiB · Buffers 20.0 MiB · V8's own 2.0 MiB · open heap-71.heapsnapshot in the DevTools of Chromium",
    );
    expect(ofClass(heap, 'path')).toContain('addOrder (/srv/app/orders.js:12:7)');
  });
});

testRows(
  'the answer names who or what held most',
  [
    [
      'one process',
      reportWith({ programs: 95 }, { processes: [share(7, 1, 90), share(8, 7, 5)] }),
      'node (pid 7) held 90 MiB of the 100 MiB limit',
    ],
    [
      'many of a name',
      reportWith(
        { programs: 90 },
        {
          processes: [
            share(99, 0, 11, { name: 'sh' }),
            ...Array.from({ length: 9 }, (_, index) => share(index + 1, 0, 10)),
          ],
        },
      ),
      '9 processes node together held 90 MiB of the 100 MiB limit',
    ],
    [
      'many of many names',
      reportWith(
        { programs: 90 },
        { processes: Array.from({ length: 9 }, (_, index) => share(index + 1, 0, 10, { name: `p${index}` })) },
      ),
      '9 processes held 90 MiB of the 100 MiB limit, the largest 10 MiB: p0 (pid 1)',
    ],
    [
      'a file',
      reportWith({ shared: 90 }, { files: [heldFile('/mnt/big', 80)] }),
      'A file in tmpfs held 80 MiB of the 100 MiB limit: /mnt/big',
    ],
    [
      'files',
      reportWith({ shared: 90 }, { files: [heldFile('/mnt/1', 9)] }),
      'Files in tmpfs held 90 MiB of the 100 MiB limit',
    ],
    ['shared memory', reportWith({ shared: 90 }), 'Shared memory held 90 MiB of the 100 MiB limit'],
    [
      'the kernel',
      reportWith({ kernel: 90, programs: 5 }),
      'The kernel held 90 MiB of the 100 MiB limit for these programs: page tables, sockets, names of files',
    ],
    ['nobody known', reportWith({ programs: 95 }), 'Programs held 95 MiB of the 100 MiB limit'],
  ] as const,
  ([, report, answer]) => expect(answerOf(report)).toBe(answer),
);
