import { join } from 'node:path';
import { resolveRoot } from '../../../../lib/process/root/resolve-root';
import { withCode } from '../../../support/error-code';
import { testRows } from '../../../support/rows';

const resolved = (option: unknown) => resolveRoot(option, 'spawn');
const mountsOf = (option: unknown) => resolved(option)?.mounts.map(({ mount }) => mount);

describe('an option that asks for nothing, or little', () => {
  it('no root', () => {
    expect(resolved(undefined)).toBeUndefined();
  });

  it('an empty object is a root that this process has, too', () => {
    expect(resolved({})).toEqual({ path: undefined, empty: undefined, readOnly: false, mounts: [], hide: [] });
  });

  it('inherited properties count', () => {
    expect(resolved(Object.create({ readOnly: true }))?.readOnly).toBe(true);
  });
});

describe('paths', () => {
  it('outside may be relative to the working directory', () => {
    expect(resolved({ path: 'rootfs' })?.path).toBe(join(process.cwd(), 'rootfs'));
    expect(mountsOf({ binds: [{ source: 'data', target: '/d' }] })).toEqual([
      { kind: 'bind', from: join(process.cwd(), 'data'), to: '/d', readOnly: false, create: false },
    ]);
  });

  it('outside keep .., which depends on the symbolic links before it', () => {
    expect(resolved({ path: '//link/.././root/' })?.path).toBe('/link/../root');
    expect(mountsOf({ binds: [{ source: '../data', target: '/d' }] })).toMatchObject([
      { from: `${process.cwd()}/../data` },
    ]);
  });

  testRows(
    'inside lose what is superfluous in them',
    [
      ['//a///b/', '/a/b'],
      ['/./a/.', '/a'],
      ['/a/..b', '/a/..b'],
      ['/a b\n', '/a b\n'],
    ],
    ([given, to]) => {
      expect(mountsOf({ tmpfs: [given] })).toMatchObject([{ to }]);
      expect(resolved({ hide: [given] })?.hide).toEqual([{ option: 'root.hide[0]', path: to }]);
    },
  );
});

describe('a tmpfs', () => {
  testRows(
    'has a size and permissions',
    [
      ['/t', { mode: '1777' }],
      [{ path: '/t' }, { mode: '1777' }],
      [
        { path: '/t', size: '1M', mode: 0o700 },
        { mode: '700', size: '1048576' },
      ],
      [{ path: '/t', mode: '0755' }, { mode: '755' }],
      [
        { path: '/t', size: 'max' },
        { mode: '1777', size: '0' },
      ],
    ],
    ([given, options]) => {
      expect(mountsOf({ tmpfs: [given] })).toEqual([{ kind: 'tmpfs', to: '/t', create: false, ...options }]);
    },
  );

  it('at / is the root, which only its owner can change', () => {
    expect(resolved({ tmpfs: ['/'] })).toMatchObject({ empty: { mode: '755' }, mounts: [] });
    expect(resolved({ tmpfs: [{ path: '//', size: '1M', mode: '1777' }] })).toMatchObject({
      empty: { mode: '1777', size: '1048576' },
    });
  });
});

describe('the order of mounts', () => {
  it('is by depth, and as given among equals', () => {
    const binds = ['/a/b/c', '/z', '/a/b', '/b'].map((to) => ({ source: '/x', target: to }));
    const order = mountsOf({ binds, tmpfs: ['/a', '/a/b/d'] })?.map(({ to }) => to);
    expect(order).toEqual(['/z', '/b', '/a', '/a/b', '/a/b/c', '/a/b/d']);
  });

  testRows(
    'makes a target only where a tmpfs is the nearest around it',
    [
      ['/t/a', true],
      ['/t/deep/down/here', true],
      // A bind within the tmpfs: what is made there, others would see.
      ['/t/bind/a', false],
      ['/t/bind/tmpfs/a', true],
      ['/tt', false],
      ['/elsewhere', false],
    ],
    ([to, create]) => {
      const binds = [
        { source: '/x', target: to },
        { source: '/y', target: '/t/bind' },
      ];
      const mounts = mountsOf({ binds, tmpfs: ['/t/bind/tmpfs', '/t'] });
      expect(mounts?.find((mount) => mount.to === to)?.create).toBe(create);
    },
  );

  it('everything in an empty root', () => {
    const mounts = mountsOf({ tmpfs: ['/', '/tmp'], binds: [{ source: '/usr', target: '/usr', readOnly: true }] });
    expect(mounts?.map(({ create }) => create)).toEqual([true, true]);
  });
});

describe('below what memcage mounts itself', () => {
  testRows(
    'a target is made only in the minimal /dev',
    [
      [{ path: '/r' }, '/dev/fuse', true],
      [{ tmpfs: ['/'] }, '/dev/dri/card0', true],
      [{}, '/dev/fuse', false],
      [{ path: '/r' }, '/devices/x', false],
      [{ tmpfs: ['/'] }, '/proc/cpuinfo', false],
      [{ tmpfs: ['/'] }, '/process', true],
    ],
    ([option, to, create]) => {
      expect(mountsOf({ ...option, binds: [{ source: '/x', target: to }] })).toMatchObject([{ to, create }]);
    },
  );

  it('not in a /dev that the caller binds', () => {
    const binds = [
      { source: '/x', target: '/dev/fuse' },
      { source: '/dev', target: '/dev' },
    ];
    expect(mountsOf({ path: '/r', binds })).toMatchObject([{ to: '/dev' }, { to: '/dev/fuse', create: false }]);
  });
});

describe('what it refuses', () => {
  const bind = (more: object) => ({ binds: [{ source: '/a', target: '/b', ...more }] });

  testRows(
    'a wrong value, by its name',
    [
      ['/rootfs', 'for root but'],
      [['/rootfs'], 'for root but'],
      [null, 'for root but'],
      [{ path: '' }, 'for root.path but'],
      [{ path: 'a\0b' }, 'for root.path but'],
      [{ path: 7 }, 'for root.path but'],
      [{ readOnly: 'yes' }, 'true or false for root.readOnly but'],
      [{ binds: { source: '/a', target: '/b' } }, 'an array for root.binds but'],
      [{ binds: ['/a:/b'] }, 'an object of source, target, readOnly for root.binds[0] but'],
      [bind({ source: '' }), 'root.binds[0].source'],
      [bind({ source: undefined }), 'root.binds[0].source'],
      [bind({ target: 'b' }), 'an absolute path inside the root, without .. and NUL bytes for root.binds[0].target'],
      [bind({ target: undefined }), 'root.binds[0].target'],
      [bind({ target: '/b/../c' }), 'root.binds[0].target'],
      [bind({ target: '/b\0' }), 'root.binds[0].target'],
      [bind({ target: '/' }), 'root.path is the directory that becomes /'],
      [bind({ readOnly: 1 }), 'root.binds[0].readOnly'],
      [{ tmpfs: '/tmp' }, 'an array for root.tmpfs but'],
      [{ tmpfs: [7] }, 'root.tmpfs[0]'],
      [{ tmpfs: ['tmp'] }, 'root.tmpfs[0]'],
      [{ tmpfs: [{}] }, 'root.tmpfs[0].path'],
      [{ tmpfs: [{ path: '/t', mode: 0o10000 }] }, 'root.tmpfs[0].mode'],
      [{ tmpfs: [{ path: '/t', mode: '8' }] }, 'root.tmpfs[0].mode'],
      [{ tmpfs: [{ path: '/t', mode: 1.5 }] }, 'root.tmpfs[0].mode'],
      [{ path: '/r', tmpfs: ['/'] }, 'root.path already says what is there'],
      [{ hide: '/etc' }, 'an array for root.hide but'],
      [{ hide: ['etc'] }, 'root.hide[0]'],
      [{ hide: ['/'] }, 'root.hide[0]'],
    ],
    ([option, text]) => {
      expect(() => resolved(option)).toThrow(withCode('INVALID_ARGUMENT', text));
    },
  );

  it('more than the launcher takes', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `/t${i}`);
    expect(resolved({ tmpfs: many(1024), hide: many(1024) })?.mounts.length).toBe(1024);
    expect(() => resolved({ tmpfs: many(1025) })).toThrow(withCode('INVALID_ARGUMENT', 'at most 1024 mounts'));
    expect(() => resolved({ hide: many(1025) })).toThrow(withCode('INVALID_ARGUMENT', 'at most 1024 mounts'));
  });

  testRows(
    'a size that is none',
    [
      ['much', 'INVALID_SIZE'],
      [0, 'INVALID_SIZE'],
      [10, 'LIMIT_TOO_SMALL'],
    ],
    ([size, code]) => {
      expect(() => resolved({ tmpfs: [{ path: '/t', size }] })).toThrow(withCode(code, 'root.tmpfs[0].size'));
    },
  );

  it('the same target twice, in whatever list', () => {
    const both = { ...bind({ target: '/t/' }), tmpfs: ['/t'] };
    expect(() => resolved(both)).toThrow(
      withCode('INVALID_ARGUMENT', 'another target than that of root.binds[0] for root.tmpfs[0] but'),
    );
    expect(() => resolved({ tmpfs: ['/', '//'] })).toThrow(withCode('INVALID_ARGUMENT', 'root.tmpfs[1]'));
  });

  it('another /proc', () => {
    expect(() => resolved({ tmpfs: ['/proc/'] })).toThrow(withCode('INVALID_ARGUMENT', 'root.tmpfs[0]'));
    expect(() => resolved(bind({ target: '/proc' }))).toThrow(withCode('INVALID_ARGUMENT', 'root.binds[0]'));
  });

  testRows(
    'other names, with the one that was meant',
    [
      [{ read_only: true }, "did you mean 'root.readOnly'"],
      [{ ro: true }, "did you mean 'root.readOnly'"],
      [{ rootfs: '/r' }, "did you mean 'root.path'"],
      [{ mounts: [] }, "did you mean 'root.binds'"],
      [{ volumes: [] }, "did you mean 'root.binds'"],
      [{ mask: [] }, "did you mean 'root.hide'"],
      [{ network: 1 }, 'root has path, readOnly, binds, tmpfs, hide'],
      [{ binds: [{ src: '/a', target: '/b' }] }, "did you mean 'root.binds[0].source'"],
      [{ binds: [{ source: '/a', to: '/b' }] }, "did you mean 'root.binds[0].target'"],
      [{ binds: [{ source: '/a', target: '/b', ro: true }] }, "did you mean 'root.binds[0].readOnly'"],
      [{ tmpfs: ['/a', { target: '/b' }] }, "did you mean 'root.tmpfs[1].path'"],
    ],
    ([option, text]) => {
      expect(() => resolved(option)).toThrow(withCode('UNKNOWN_OPTION', text));
    },
  );
});
