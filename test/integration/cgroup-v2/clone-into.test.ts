import { constants } from 'node:os';
import { home } from '../../support/cgroups/v2-home';
import { fixtureResult } from '../../support/fixture';
import { describeIf, type Feature } from '../../support/require';

interface Report {
  clones: { into: boolean; joins: number; started: boolean }[];
  warnings: { name: string; code?: string; message: string }[];
  children: { exitCode: number | null; stdout: string }[];
  path: string;
}

/** @param joins joins in other hierarchies: on v1, one in the memory hierarchy */
function suite(needed: Feature, joins: number, where: () => { parent?: string }): void {
  describeIf([needed, 'seccomp'], `a child's way into its cgroup v2 (${needed})`, () => {
    function start(rules: object[]): Promise<Report> {
      return fixtureResult('cage/clone-into.js', { rules, ...where() });
    }

    function expectInCage({ children, path }: Report): void {
      const name = path.slice(path.lastIndexOf('/memcage-'));
      // On a hybrid host the kill cgroup is below another cage root, in a cage with the same number.
      const inUnified = needed === 'v2' ? `${name}/` : /^0::.*\/memcage-\d+-[0-9a-f]+\/1\//m;
      children.forEach(({ exitCode, stdout }, index) => {
        expect(exitCode).toBe(0);
        const line = stdout.split('\n').find((text) => text.startsWith('0::')) ?? '';
        if (typeof inUnified === 'string') expect(line.endsWith(`${inUnified}leaf-${index + 1}`)).toBe(true);
        else expect(line).toMatch(inUnified);
      });
    }

    test('is to be born in it', async () => {
      const report = await start([]);
      const born = { into: true, joins, started: true };
      expect(report.clones).toEqual([born, born]);
      expect(report.warnings).toEqual([]);
      expectInCage(report);
    });

    test('without clone3 is to join it, of which a warning tells once', async () => {
      const report = await start([{ syscall: 'clone3', errno: constants.errno.ENOSYS }]);
      const joined = { into: false, joins: joins + 1, started: true };
      expect(report.clones).toEqual([{ into: true, joins, started: false }, joined, joined]);
      expect(report.warnings).toEqual([
        {
          name: 'MemcageWarning',
          code: 'MEMCAGE_NO_CLONE_INTO_CGROUP',
          message: expect.stringContaining('ENOSYS') as string,
        },
      ]);
      expectInCage(report);
    });

    test('another refusal is no reason to join it', async () => {
      await expect(start([{ syscall: 'clone3', errno: constants.errno.EPERM }])).rejects.toThrow(
        /ERR_MEMCAGE_SPAWN|EPERM/,
      );
    });
  });
}

suite('v2', 0, () => ({ parent: home() }));
suite('hybrid', 1, () => ({}));
