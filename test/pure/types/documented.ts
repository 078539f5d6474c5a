import type { Library } from '../../support/api/library';
import { PublicApi } from '../../support/api/public-api';
import { apiPages } from '../../support/docs/doc-examples';
import { expectNamed } from '../../support/docs/doc-names';
import { optionTable } from '../../support/docs/option-table';
import { testRows } from '../../support/rows';

/** Types with these names are what a caller gives. */
const GIVEN = /(Options?|Limits|Changes|Settings|Bind|Tmpfs|Threshold|Stall|Level)$/;
/** Of these, what memcage returns, and the options of the addon. */
const OTHERS = [
  ...['Limits', 'OciLimits', 'EffectiveLimits'],
  ...['CloneOptions', 'TmpfsOptions', 'AttendOptions', 'MeterOptions', 'StallMeterOptions'],
];
/** Options of Node's whose types are memcage's. */
const NODES = ['stdio', 'encoding'];

export function proveDocumented(library: Library): void {
  const api = new PublicApi(library);

  test('every option of every type has a row', () => {
    const rows = optionTable();
    const types = api.names().filter((name) => GIVEN.test(name) && !OTHERS.includes(name));
    expect(types.length).toBeGreaterThan(40);
    const names = rows.map(({ path }) => path.split('.').at(-1));
    const lost = types.flatMap((type) =>
      api
        .members(type, { own: true })
        .filter((name) => !names.includes(name) && !NODES.includes(name))
        .map((name) => `${type}.${name}`),
    );
    expect(lost).toEqual([]);
  });

  describe('docs name', () => {
    testRows(
      // Options are in docs/reference/options.md, each of them: options.test.ts.
      'every member of the types that a page is on',
      [
        ['docs/reference/create-cage.md', 'Cage', { own: true }],
        ['docs/reference/create-cage.md', 'CageEvents', {}],
        ['docs/reference/events.md', 'CageEvents', {}],
        ['docs/reference/events.md', 'OomEvent', {}],
        ['docs/reference/events.md', 'CgroupEvents', {}],
        ['docs/reference/events.md', 'CgroupEvent', {}],
        ['docs/reference/events.md', 'LimitEvent', {}],
        ['docs/reference/events.md', 'PressureEvent', {}],
        ['docs/reference/events.md', 'ThresholdEvent', {}],
        ['docs/reference/events.md', 'CageThresholdEvent', {}],
        ['docs/reference/budget.md', 'Budget', { own: true }],
        ['docs/reference/budget.md', 'BudgetEvents', {}],
        ['docs/reference/cgroup.md', 'Cgroup', { own: true }],
        ['docs/reference/cgroup.md', 'Usage', {}],
        ['docs/reference/cgroup.md', 'CgroupProcess', {}],
        ['docs/reference/cgroup.md', 'PeakTracker', { own: true }],
        ['docs/reference/inventory.md', 'ListedCage', {}],
        ['docs/reference/inventory.md', 'CageOwner', {}],
        ['docs/reference/inventory.md', 'CageName', {}],
        ['docs/reference/inventory.md', 'CollectedCage', {}],
        ['docs/reference/outcome.md', 'EndedChild', {}],
        ['docs/reference/outcome.md', 'Outcome', {}],
        ['docs/reference/outcome.md', 'MemoryReport', {}],
        ['docs/reference/outcome.md', 'OomVerdict', {}],
        ['docs/reference/outcome.md', 'CpuReport', {}],
        ['docs/reference/outcome.md', 'FaultReport', {}],
        ['docs/reference/outcome.md', 'MemoryDetails', {}],
        ['docs/reference/outcome.md', 'StallReport', {}],
        ['docs/reference/node-heap.md', 'NodeHeapReport', {}],
        ['docs/reference/errors.md', 'MemcageError', { own: true }],
        ['docs/reference/errors.md', 'RunError', { own: true }],
        ['docs/reference/bullmq.md', 'Processor', { own: true }],
      ],
      ([page, type, options]) => {
        expectNamed(page, api.members(type, options));
      },
    );

    test('each export on a page made from its comments', () => {
      const pages = apiPages();
      expect(api.names().filter((name) => !pages.some((page) => page.endsWith(`/${name}.md`)))).toEqual([]);
    });
  });
}
