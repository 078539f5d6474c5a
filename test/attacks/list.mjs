// The attacks of inside/, by kind, and who says whether one has worked.

/** @typedef {(seen: import('./try.mjs').Seen) => boolean} Proof */

/** It has what it wanted: it holds the memory, or the kernel has said yes. */
const said = ({ stdout }) => stdout.includes('WORKED');
/** It has printed what nobody could know who has not read it. */
const read =
  (name) =>
  ({ stdout, secrets }) =>
    stdout.includes(secrets[name]);
/** Somebody outside sees it, a moment later. */
const outside = (fact) => ({ proof: ({ facts }) => facts[fact], isSeenLater: true });

/**
 * @typedef {object} Attack
 * @property {Proof} proof
 * @property {boolean} [isSeenLater]
 * @property {boolean} [isInBare] without a sandbox it runs in a cgroup with the limit alone, which it attacks or meets
 * @property {number} [wallMs] limits of time for this one
 * @property {number} [cpuSeconds]
 * @property {boolean} [hasTerminal]
 * @property {boolean} [isKnown] docs/reference/memory.md says that nobody counts it
 */

/** @type {Record<string, Record<string, Attack>>} */
export const kinds = {
  'hold more memory than the limit': {
    anonymous: { proof: said },
    'many-processes': { proof: said },
    'files-in-memory': { proof: said },
    'system-v-memory': { proof: said },
    memfd: { proof: said },
    pipes: { proof: said },
    'page-cache': { proof: said },
    netlink: { proof: said },
    packets: { proof: said },
    'tcp-buffers': { proof: said, isKnown: true },
    'unix-buffers': { proof: said },
    messages: { proof: said },
    'file-locks': { proof: said, isKnown: true },
    'empty-files': { proof: said },
    locked: { proof: said },
  },
  'change or leave the limits': {
    'leave-cgroup': { proof: said, isInBare: true },
    'raise-memory': { proof: said, isInBare: true },
    'raise-files': { proof: said },
    'oom-score': { proof: said },
    priority: { proof: said },
  },
  'too many, too long, too much': {
    'fork-bomb': { proof: said },
    'thread-bomb': { proof: said },
    sleep: { ...outside('stillRuns'), wallMs: 5000 },
    'loop-in-turns': { proof: said, cpuSeconds: 1 },
    flood: { proof: ({ bytes }) => bytes > 16 * 2 ** 20 },
    'full-disk': { proof: said },
  },
  'stay behind': {
    orphan: outside('lingers'),
    'orphan-with-output': outside('holdsOutput'),
    'leave-files': outside('leftFiles'),
    'leave-system-v': outside('leftSegment'),
    'leave-cgroup-behind': outside('leftCgroup'),
  },
  'reach other processes': {
    'see-processes': { proof: read('line') },
    'read-environment': { proof: read('environment') },
    'read-memory': { proof: read('environment') },
    ptrace: { proof: said },
    kill: outside('victimEnded'),
    'inherited-files': { proof: read('file') },
    'own-environment': { proof: read('ours') },
  },
  'read or change files': {
    home: { proof: read('home') },
    shadow: { proof: read('shadow') },
    'public-file': { proof: read('public') },
    around: { proof: read('home') },
    'out-of-root': { proof: read('home') },
    'below-mounts': { proof: read('home') },
    'other-mounts': { proof: read('home') },
    'change-input': outside('inputChanged'),
    'write-home': outside('homeWritten'),
    device: { proof: said },
    'core-dump': { proof: said },
  },
  'reach network and neighbours': {
    tcp: outside('tcp'),
    'abstract-socket': outside('abstract'),
    'named-socket': outside('named'),
    'read-system-v': { proof: read('segment') },
    'read-key': { proof: read('segment') },
    'host-name': { proof: said },
    'terminal-input': { proof: said, hasTerminal: true },
  },
  'get rights, or much of the kernel': {
    'set-user-id': { proof: said },
    bpf: { proof: said },
    perf: { proof: said },
    'io-uring': { proof: said },
    userfaultfd: { proof: said },
    keyring: { proof: said },
    'user-namespace': { proof: said },
    clone3: { proof: said },
    'other-calls': { proof: said },
    vsock: { proof: said },
    ciphers: { proof: said },
    mount: { proof: said },
    'kernel-log': { proof: said },
    clock: { proof: said },
    setting: { proof: said },
    sysrq: { proof: said },
    module: { proof: said },
  },
  'be told for something else': {
    // A part of it was killed for memory.
    success: { proof: (seen) => said(seen) && seen.status === 0, isInBare: true },
    // It has killed itself, and looks as one does that had too much memory.
    'own-kill': outside('looksLikeMemory'),
  },
};

export const attacks = Object.entries(kinds).flatMap(([kind, all]) =>
  Object.entries(all).map(([name, attack]) => ({ kind, name, ...attack })),
);
