// Which room of lib/ may import which, types included: only what is before it in this list. docs/internals/architecture.md says what each
// room is for.
const ROOMS = [
  'types/',
  'lib/common/errors/',
  'lib/common/event-loop/',
  'lib/common/text/',
  'lib/common/drawing/',
  'lib/common/machine/',
  'lib/common/options/',
  'lib/common/oci/',
  'lib/common/addon/',
  'lib/process/namespaces/',
  'lib/process/root/',
  'lib/process/settings/',
  'lib/process/',
  'lib/process/own/',
  'lib/process/launcher/',
  'lib/cgroup/files/',
  'lib/cgroup/names/',
  'lib/cgroup/directory/',
  'lib/cgroup/limits/',
  'lib/cgroup/hierarchy/',
  'lib/cgroup/controllers/',
  'lib/cgroup/ends/',
  'lib/cgroup/processes/',
  'lib/cgroup/containers/',
  'lib/cgroup/events/',
  'lib/cgroup/watching/',
  'lib/cgroup/placement/',
  'lib/cgroup/handle/',
  'lib/cage/polling/',
  'lib/cage/evidence/',
  'lib/cage/contract/',
  'lib/cage/oom/',
  'lib/cage/root/',
  'lib/cage/cgroup/',
  'lib/cage/',
  'lib/start/request/',
  'lib/start/refusals/',
  'lib/start/child/',
  'lib/start/launch/',
  'lib/start/sync/',
  'lib/start/run/',
  'lib/start/contain/',
  'lib/start/api/',
  'lib/start/doctor/',
  'lib/jobs/budget/admission/',
  'lib/jobs/budget/learning/',
  'lib/jobs/budget/',
  'lib/jobs/warm-pool/preload/',
  'lib/jobs/warm-pool/',
  'lib/(index|cgroup|machine|oci).ts',
  'lib/native.ts',
  'lib/child_process.',
  'lib/programs/metrics/',
  'lib/(prometheus|otel).ts',
  'lib/programs/test-runners/',
  'lib/programs/bullmq/child/',
  'lib/programs/bullmq/',
  'lib/bullmq.ts',
  'lib/programs/jest/',
  'lib/jest.ts',
  'lib/programs/vitest/child/',
  'lib/programs/vitest/',
  'lib/vitest.ts',
  'lib/programs/cli/',
  'lib/cli.ts',
];

/** Programs that are shipped with the library, the last rooms: what they miss in its API, others miss too. */
const PROGRAMS = ROOMS.slice(ROOMS.indexOf('lib/programs/metrics/'));

/** What users import, as the programs do. */
const API = ['types/', 'lib/(index|cgroup|machine|oci).ts'];

/** What the programs need to speak and to check as the library does, which is no use to others. */
const FOR_PROGRAMS = [
  ...ROOMS.filter((room) => room.startsWith('lib/common/')),
  'lib/cgroup/names/own-names.ts',
  'lib/cgroup/ends/',
  'lib/cgroup/placement/candidates.ts',
  'lib/cage/oom/kill-log.ts',
  'lib/cage/oom/kill-witness.ts',
  'lib/cage/root/left-ends.ts',
  'lib/cage/polled-cage.ts',
  'lib/start/request/cage-options.ts',
  'lib/jobs/budget/admission/',
  'lib/jobs/budget/learning/',
];

/** A room with rooms in it is the files that are in none of those. */
const pattern = (room) =>
  `^${room.replaceAll('.', '\\.')}${ROOMS.some((other) => other !== room && other.startsWith(room)) ? '[^/]+$' : ''}`;

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...ROOMS.slice(0, -1).map((room, index) => ({
      name: `${room} below`,
      comment: `${room} may import only the rooms before it in .dependency-cruiser.mjs`,
      severity: 'error',
      from: { path: pattern(room) },
      to: { path: ROOMS.slice(index + 1).map(pattern) },
    })),
    {
      name: 'public API only',
      comment:
        'the programs import only what users can, their own rooms, and what FOR_PROGRAMS in .dependency-cruiser.mjs has',
      severity: 'error',
      from: { path: PROGRAMS.map(pattern) },
      to: { pathNot: [...API, ...FOR_PROGRAMS, ...PROGRAMS].map(pattern) },
    },
    {
      name: 'in a room',
      comment: 'every file of lib/ is in a room that .dependency-cruiser.mjs has',
      severity: 'error',
      from: { pathNot: ROOMS.map(pattern) },
      to: {},
    },
    {
      name: 'no circle',
      comment: 'files import each other in a circle, be it for a type',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    includeOnly: '^(lib|types)/',
    doNotFollow: { path: 'node_modules' },
  },
};
