import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { createCage, type EvidenceKind, MemoryLimitError, run, type SharedCage, spawn, spawnSync } from 'memcage';
import { loadNative } from '../../../../lib/common/addon/load-native';
import { files, hasPeak, readPeak } from '../../../support/cgroups/cgroup-tree';
import { disk } from '../../../support/engines/disk';
import { withCode } from '../../../support/error-code';
import { compiledFills } from '../../../support/evidence/fills';
import { eachInDirectory, expectNoneLeftOfEvidence, reportIn } from '../../../support/evidence/report-directory';
import { patience } from '../../../support/patience';
import { describeIf } from '../../../support/require';
import { testRows } from '../../../support/rows';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

const LIMIT = '40M';
const LIMIT_BYTES = 40 * 2 ** 20;
const AT = '60%';
/** More than 60 % of it. */
const FIRST_MB = 26;
/** The rest is not full for 700 ms, on a busy machine too. */
const STEP_KB = 100;

const ON_DISK = disk();
/** Of what a guest has from its host, the kernel keeps no names of files that are not there. */
const OF_A_HOST = { hostfs: 0x00c0ffee, plan9: 0x01021997 };
const KEEPS_NAMES = ON_DISK !== undefined && !Object.values(OF_A_HOST).includes(statfsSync(ON_DISK).type);

interface Report {
  schema: number;
  kind: EvidenceKind;
  kinds: { swap: number };
  cage: { limitBytes: number; at: string; heldBytes: number };
  processes: { pid: number; name: string; command: string; heldBytes: number }[];
  files: { path: string; bytes: number; deleted: boolean }[];
  unread: string[];
  samples: { atMs: number; usageBytes: number }[];
}

describeIf(['cgroup', 'root'], 'evidence of what fills the memory', () => {
  let dir: string;
  eachInDirectory((made) => {
    dir = made;
  });

  expectNoneLeftOfEvidence((into) => run('true', { memory: LIMIT, evidence: { dir: into } }));

  const fills = compiledFills();
  const filling = (): [string, string[]] => fills({ firstMb: FIRST_MB, stepKb: STEP_KB });
  const ended = async (child: ReturnType<typeof spawn>) => {
    await until('a report', () => readdirSync(dir).length > 0);
    child.kill('SIGKILL');
    return child.outcome;
  };

  testRows(
    'names the kind of memory, and the process that holds most',
    [
      ['anonymous', 'anonymous'],
      ['tmpfs', 'tmpfs'],
      ['unlinked', 'shared'],
    ] as const,
    async ([how, kind]) => {
      const [file, args] = fills({ kind: how, firstMb: FIRST_MB, path: '/mnt/file' });
      // In a process of its own, since the shell has something to do after it.
      const below = ['-c', '"$@"; :', 'sh', file, ...args];
      const child = spawn(...(kind === 'anonymous' ? (['sh', below] as const) : ([file, args] as const)), {
        memory: LIMIT,
        evidence: { dir, at: AT },
        root: { tmpfs: ['/mnt'] },
      });
      const { evidence } = await ended(child);
      expect(evidence).toMatchObject({ kind, limitBytes: LIMIT_BYTES });
      expect(evidence?.message.split('\n')).toHaveLength(3);
      expect(evidence?.frozenMs).toBeLessThan(patience(1100));
      const { processes, files, cage, unread } = reportIn<Report>(evidence?.path);
      expect(cage.heldBytes).toBeGreaterThanOrEqual(0.59 * LIMIT_BYTES);
      const [largest] = processes;
      expect(evidence).toMatchObject({ pid: largest?.pid, name: largest?.name });
      expect(largest?.command).toMatch(new RegExp(`^\\S+/program ${how} `));
      if (kind !== 'anonymous') {
        expect(files[0]).toMatchObject({ path: '/mnt/file', deleted: how === 'unlinked' });
        expect(evidence?.message).toContain('/mnt/file');
      }
      expect(unread).toEqual([]);
    },
  );

  test('is in the error of run(), for you alone', async () => {
    // Some samples before it is full.
    const late = ['-c', 'sleep 0.5; exec "$@"', 'sh', ...filling().flat()];
    const error = await run('sh', late, { memory: LIMIT, evidence: { dir: join(dir, 'made/anew'), at: AT } }).catch(
      (reason: unknown) => reason,
    );
    if (!(error instanceof MemoryLimitError)) throw error;
    const { path, message } = error.outcome.evidence ?? {};
    expect(error.message).toContain(`\n${message}`);
    expect(statSync(join(dir, 'made')).mode & 0o777).toBe(0o700);
    expect(statSync(path ?? '').mode & 0o777).toBe(0o700);
    for (const name of ['report.json', 'report.html']) {
      expect(statSync(join(path ?? '', name)).mode & 0o777).toBe(0o600);
    }
    expect(message?.split('\n').at(-1)).toBe(`All of it: ${join(path ?? '', 'report.html')}`);
    const page = readFileSync(join(path ?? '', 'report.html'), 'utf8');
    expect(page).toMatch(/<h1>program \(pid \d+\) held [\d.]+ MiB of the \d+ MiB limit<\/h1>/);
    const { samples, cage } = reportIn<Report>(path);
    expect(samples.length).toBeGreaterThan(3);
    expect(samples.at(-1)?.usageBytes).toBeGreaterThanOrEqual(cage.heldBytes);
    expect(samples[0]?.usageBytes).toBeLessThan(cage.heldBytes / 2);
  });

  test('is taken while JavaScript is blocked', () => {
    const [file, args] = filling();
    const { outcome } = spawnSync(file, args, { memory: LIMIT, evidence: { dir, at: AT } });
    expect(outcome).toMatchObject({
      signal: 'SIGKILL',
      evidence: { kind: 'anonymous', name: expect.any(String) as string },
    });
  });

  test('is none where the memory was never that full', async () => {
    expect(await run('true', { memory: LIMIT, evidence: { dir } })).toMatchObject({ evidence: null });
    expect(readdirSync(dir)).toEqual([]);
  });

  (ON_DISK === undefined ? test.skip : test)(
    'is none where page cache fills the memory, which the kernel can drop',
    async () => {
      const big = join(mkdtempSync(join(ON_DISK ?? '', 'memcage-test-evidence-')), 'big');
      try {
        const copy = `dd if=/dev/zero of=${big} bs=1M count=40 2>&1; for i in 1 2 3; do cat ${big} >${big}2; done`;
        const { evidence, memory } = await run('sh', ['-c', copy], { memory: '16M', evidence: { dir } });
        if (hasPeak) expect(memory.peakBytes).toBeGreaterThan(0.95 * 16 * 2 ** 20);
        expect(evidence).toBeNull();
      } finally {
        rmSync(dirname(big), { recursive: true });
      }
    },
  );

  test('is told of a shared cage to the children that were there', async () => {
    await using cage: SharedCage = createCage({ memory: LIMIT, evidence: { dir, at: AT } });
    expect(await cage.run('true')).toMatchObject({ evidence: null });
    const sleeper = cage.spawn('sleep', ['1000']);
    const [file, args] = filling();
    const { evidence } = await cage.spawn(file, args).outcome;
    // The message has the sizes.
    expect([evidence?.kind, evidence?.message]).toEqual(['anonymous', expect.any(String)]);
    expect(reportIn<Report>(evidence?.path).cage.at).toBe(AT);
    sleeper.kill('SIGKILL');
    expect((await sleeper.outcome).evidence).toMatchObject({ path: evidence?.path });
    expect(await cage.run('true')).toMatchObject({ evidence: null });
  });

  test('may stop a shared cage while a child is being started in it: that is started again, once', async () => {
    await using cage: SharedCage = createCage({ memory: LIMIT, evidence: { dir, at: AT } });
    // As the watchdog leaves a child that was stopped before it had its program.
    const clone = jest.spyOn(loadNative(), 'clone');
    try {
      const stopped = { stage: 'watchdog', errno: -constants.errno.ETIMEDOUT, path: 'true' } as const;
      clone.mockReturnValueOnce(stopped);
      expect(await cage.run('true')).toMatchObject({ exitCode: 0 });
      clone.mockReturnValueOnce(stopped).mockReturnValueOnce(stopped);
      await expect(cage.run('true')).rejects.toThrow(withCode('FROZEN'));
    } finally {
      clone.mockRestore();
    }
  });

  test('follows the limit', async () => {
    const [file, args] = filling();
    const child = spawn(file, args, { memory: '80M', evidence: { dir, at: AT } });
    child.cage.setLimits({ memory: LIMIT });
    // It fills up before the keeper would look by itself.
    const { evidence } = await child.outcome;
    expect(evidence).toMatchObject({ limitBytes: LIMIT_BYTES });
    expect(evidence?.heldBytes).toBeGreaterThanOrEqual(0.59 * LIMIT_BYTES);
  });

  test('follows a limit that another process writes', async () => {
    // Not yet 60 % of 80 MB, but more than that of 40.
    const [file, args] = fills({ firstMb: 30 });
    const child = spawn(file, args, { memory: '80M', evidence: { dir, at: AT } });
    await until('a full cage', () => child.cage.cgroup.usage().usageBytes > 30 * 2 ** 20);
    // v1 counts swap with it.
    for (const file of [files.limit, 'memory.memsw.limit_in_bytes']) {
      const path = join(child.cage.cgroup.path, file);
      if (existsSync(path)) writeFileSync(path, String(LIMIT_BYTES));
    }
    // It looks once a second.
    expect(await ended(child)).toMatchObject({ signal: 'SIGKILL', evidence: { limitBytes: LIMIT_BYTES } });
  });

  test('is told of a child that reaches a limit of its own in a shared cage', async () => {
    await using cage: SharedCage = createCage({
      ...{ memory: '1G', perChild: { memory: LIMIT }, evidence: { dir, at: AT } },
    });
    const sleeper = cage.spawn('sleep', ['1000']);
    const [file, args] = filling();
    const { evidence } = await cage.spawn(file, args).outcome;
    expect(evidence).toMatchObject({ kind: 'anonymous', limitBytes: LIMIT_BYTES });
    sleeper.kill('SIGKILL');
    expect(await sleeper.outcome).toMatchObject({ evidence: null });
  });

  describeIf('v1', 'on v1', () => {
    (KEEPS_NAMES ? test : test.skip)('is none where names of files fill the memory', async () => {
      const path = mkdtempSync(join(ON_DISK ?? '', 'memcage-test-evidence-'));
      try {
        const [file, args] = fills({ kind: 'names', firstMb: 20, stepKb: 500, path });
        const child = spawn(file, args, { memory: LIMIT, evidence: { dir, at: AT } });
        const { cgroup } = child.cage;
        // It is so full for a moment only.
        await until('a full cage', () => (readPeak(cgroup.path) ?? 0) > 0.55 * LIMIT_BYTES);
        await until('room in it', () => cgroup.usage().usageBytes <= 0.5 * LIMIT_BYTES);
        child.kill('SIGKILL');
        expect(await child.outcome).toMatchObject({ oom: null, evidence: null });
      } finally {
        rmSync(path, { recursive: true });
      }
    });
  });

  test('leaves no part of a report, where the directory is full', async () => {
    const full = join(dir, 'full');
    mkdirSync(full);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'memcage-test', full]);
    try {
      const [file, args] = filling();
      const { evidence } = await spawn(file, args, { memory: LIMIT, evidence: { dir: full, at: AT } }).outcome;
      expect(evidence).toMatchObject({ path: null, kind: 'anonymous' });
      expect(evidence?.message).toMatch(/\nThe report could not be written: ENOSPC/);
      expect(readdirSync(full)).toEqual([]);
    } finally {
      execFileSync('umount', [full]);
    }
  });

  test('lets the cage go on first, where nothing can be written', async () => {
    const [file, args] = filling();
    const child = spawn(file, args, { memory: LIMIT, evidence: { dir: join(dir, 'gone'), at: AT } });
    rmSync(join(dir, 'gone'), { recursive: true });
    const { evidence, oom } = await child.outcome;
    expect(oom).not.toBeNull();
    expect(evidence).toMatchObject({ path: null, kind: 'anonymous' });
    expect(evidence?.message).toMatch(/\nThe report could not be written: ENOENT/);
  });

  describeIf(['v2', 'swap'], 'with swap', () => {
    test('is told once swap is nearly full too', async () => {
      const [file, args] = fills({ firstMb: FIRST_MB });
      const child = spawn(file, args, { memory: { max: '20M', swap: '20M' }, evidence: { dir, at: AT } });
      const { evidence } = await ended(child);
      expect(evidence).toMatchObject({ limitBytes: LIMIT_BYTES });
      expect(reportIn<Report>(evidence?.path).kinds.swap).toBeGreaterThan(2 ** 20);
    });
  });

  describeIf('v2', 'on v2', () => {
    test("keeps the caller's high", async () => {
      const child = spawn('sleep', ['1000'], { memory: { max: LIMIT, high: '20M' }, evidence: { dir } });
      const { cgroup } = child.cage;
      expect(cgroup.limits().high).toBe(20 * 2 ** 20);
      cgroup.setLimits({ high: 'max' });
      await until(
        'memory.high of memcage',
        () => cgroup.limits().high === Math.floor((LIMIT_BYTES * 0.95) / 4096) * 4096,
      );
      cgroup.setLimits({ high: '24M' });
      await new Promise((resolve) => setTimeout(resolve, patience(100)));
      expect(cgroup.limits().high).toBe(24 * 2 ** 20);
      child.kill('SIGKILL');
      await child.outcome;
    });
  });

  testRows(
    'is refused before anything is made, where it can not be had',
    [
      [{ memory: 'max' }, 'INVALID_ARGUMENT', /evidence needs a limit of memory/],
      [{ keepDescendants: true }, 'INVALID_ARGUMENT', /keepDescendants/],
      [{ detached: true }, 'INVALID_ARGUMENT', /detached/],
      [{ evidence: { dir: '/proc/no/such' } }, 'INVALID_ARGUMENT', /Nothing can be written.*ENOENT/],
      [{ evidence: { dir: __filename } }, 'INVALID_ARGUMENT', /is no directory/],
      [{ evidence: { dir: '/tmp', at: '20%' } }, 'INVALID_ARGUMENT', /from '50%' to '99%'/],
      [{ evidence: {} }, 'INVALID_ARGUMENT', /evidence.dir/],
    ] as const,
    ([more, code, text]) => {
      const options = { memory: LIMIT, evidence: { dir }, ...more };
      expect(() => spawn('true', [], options as object)).toThrow(withCode(code));
      expect(() => spawn('true', [], options as object)).toThrow(text);
      expect(existsSync('/proc/no')).toBe(false);
    },
  );
});
