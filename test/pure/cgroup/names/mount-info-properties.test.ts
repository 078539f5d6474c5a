import * as fc from 'fast-check';
import { mountOf, parseMounts } from '../../../../lib/cgroup/names/mount-info';

/** As the kernel writes a path in mountinfo: seq_path() with " \t\n\\", and "#" of newer ones. */
const mangled = (path: string): string =>
  path.replace(/[ \t\n\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);

const piece = fc.oneof(
  fc.constantFrom('a', ' ', '\\', '\n', '\t', '#', '\\040', ' - ', '-', ',', 'ro', 'é', '\\134'),
  fc.string({ maxLength: 4 }).map((text) => text.replace(/[/\0]/g, '')),
);
const path = fc.array(piece, { maxLength: 6 }).map((pieces) => `/${pieces.join('/')}`);
const word = fc.stringMatching(/^[a-z0-9._:]{1,8}$/);
const mount = fc.record({
  id: fc.nat().map(String),
  parent: fc.nat().map(String),
  root: path,
  mountPoint: path,
  readOnly: fc.boolean(),
  fields: fc.array(fc.constantFrom('shared:1', 'master:2', 'unbindable')),
  fsType: word,
  source: path,
  superOptions: fc.array(
    word.filter((name) => name !== 'ro'),
    { minLength: 1 },
  ),
});
const lineOf = ({ id, parent, root, mountPoint, readOnly, fields, fsType, source, superOptions }: Given): string =>
  `${[id, parent, '0:1', mangled(root), mangled(mountPoint), `${readOnly ? 'ro' : 'rw'},noatime`, ...fields].join(' ')} - ${fsType} ${mangled(source)} ${superOptions.join(',')}\n`;
type Given = Parameters<Parameters<typeof mount.map>[0]>[0];

test('any names of mounts come back as they are', () => {
  fc.assert(
    fc.property(fc.array(mount, { maxLength: 5 }), (mounts) => {
      const parsed = parseMounts(mounts.map(lineOf).join(''));
      expect(parsed).toEqual(
        mounts.map(({ id, parent, root, mountPoint, readOnly, fsType, superOptions }) => ({
          id,
          parent,
          device: '0:1',
          root,
          mountPoint,
          readOnly,
          fsType,
          superOptions,
        })),
      );
      for (const each of parsed) expect(mountOf(each.mountPoint, parsed)?.mountPoint).toBe(each.mountPoint);
    }),
  );
});

test('any text is read or refused with the line', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(mount.map(lineOf), fc.string(), fc.constant(' - ')), { maxLength: 4 }), (lines) => {
      try {
        parseMounts(lines.join(''));
      } catch (error) {
        expect(error).toMatchObject({ code: 'ERR_MEMCAGE_KERNEL_FORMAT' });
      }
    }),
  );
});
