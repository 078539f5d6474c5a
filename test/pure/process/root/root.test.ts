import { join } from 'node:path';
import { resolveRoot } from '../../../../lib/process/root/resolve-root';
import { planRoot, withRoot } from '../../../../lib/process/root/root';
import type { NamespaceOptions } from '../../../../types/options';
import { withCode } from '../../../support/error-code';
import { testRows } from '../../../support/rows';

const plan = (option: unknown, { cwd, hasPidNamespace = true }: { cwd?: string; hasPidNamespace?: boolean } = {}) =>
  planRoot(resolveRoot(option, 'spawn'), { cwd, hasPidNamespace });

describe('the plan', () => {
  it('of no root is none', () => {
    expect(plan(undefined)).toBeUndefined();
  });

  it("of this process's root keeps its /dev", () => {
    expect(plan({ readOnly: true })).toEqual({
      path: null,
      empty: false,
      readOnly: true,
      mounts: [],
      hide: [],
      proc: 'new',
      dev: false,
      cwd: process.cwd(),
    });
  });

  it('of an empty root has the options of its tmpfs', () => {
    expect(plan({ tmpfs: [{ path: '/', size: '8K' }] })).toMatchObject({
      path: null,
      empty: true,
      emptyOptions: { size: '8192', mode: '755' },
      dev: true,
      mounts: [],
    });
  });

  it('has each hidden path once', () => {
    expect(plan({ hide: ['/a', '/b', '/a/'] })?.hide).toEqual(['/a', '/b']);
  });

  testRows(
    'says what is at /proc',
    [
      [{}, true, 'new'],
      [{}, false, 'keep'],
      [{ readOnly: true }, false, 'bind'],
      [{ path: '/r' }, true, 'new'],
      [{ path: '/r' }, false, 'bind'],
      [{ tmpfs: ['/'] }, false, 'bind'],
    ],
    ([option, hasPidNamespace, proc]) => {
      expect(plan(option, { hasPidNamespace })?.proc).toBe(proc);
    },
  );

  testRows(
    'has no /dev where the caller mounts one',
    [
      [{ path: '/r' }, true],
      [{ path: '/r', binds: [{ source: '/dev', target: '/dev' }] }, false],
      [{ tmpfs: ['/', '/dev'] }, false],
      [{ tmpfs: ['/', '/devices'] }, true],
    ],
    ([option, dev]) => {
      expect(plan(option)?.dev).toBe(dev);
    },
  );

  testRows(
    'says where the child begins: inside of another root, relative to /',
    [
      [{}, 'sub', join(process.cwd(), 'sub')],
      [{}, '/srv', '/srv'],
      [{ path: '/r' }, undefined, '/'],
      [{ path: '/r' }, 'sub', '/sub'],
      [{ path: '/r' }, '/srv', '/srv'],
      [{ tmpfs: ['/'] }, './/sub/', '/sub'],
      // With symbolic links only the kernel knows what is above.
      [{ tmpfs: ['/'] }, '../up', '/../up'],
      [{}, '/srv/link/..', '/srv/link/..'],
      [{}, 'link/../x', join(process.cwd(), 'link').concat('/../x')],
    ],
    ([option, cwd, inside]) => {
      expect(plan(option, { ...(cwd !== undefined && { cwd }) })?.cwd).toBe(inside);
    },
  );
});

describe('the namespaces that it implies', () => {
  testRows<[NamespaceOptions, NamespaceOptions]>(
    'mounts, and process ids below an init unless the caller says otherwise',
    [
      [{}, { mount: true, pid: { init: true } }],
      [
        { mount: true, net: true },
        { mount: true, net: true, pid: { init: true } },
      ],
      [{ pid: false }, { mount: true, pid: false }],
      [{ pid: true }, { mount: true, pid: true }],
      [{ pid: {} }, { mount: true, pid: {} }],
    ],
    ([given, implied]) => {
      expect(withRoot(given, resolveRoot({}, 'spawn'))).toEqual(implied);
      expect(withRoot(given, undefined)).toBe(given);
    },
  );

  it('have an init that needs /proc', () => {
    const root = resolveRoot({ hide: ['/proc/'] }, 'spawn');
    const refusal = withCode('INVALID_ARGUMENT', 'root.hide[0]');
    expect(() => withRoot({}, root)).toThrow(refusal);
    expect(() => withRoot({ pid: { init: true } }, root)).toThrow(refusal);
    expect(withRoot({ pid: true }, root)).toEqual({ mount: true, pid: true });
  });

  it('are not to be left out', () => {
    expect(() => withRoot({ mount: false }, resolveRoot({}, 'spawn'))).toThrow(
      withCode('INVALID_ARGUMENT', "can't be had with root"),
    );
  });
});
