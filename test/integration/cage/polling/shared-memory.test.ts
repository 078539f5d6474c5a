import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { proportionalBytes } from '../../../../lib/cage/polling/sampling/proc-memory';
import { readProcessStat } from '../../../../lib/cage/polling/sampling/process-stat';
import { endOf, groupsOfEachTest, MIB, type TestGroup } from '../../../support/cgroups/polled-group';
import { patience } from '../../../support/patience';
import { childrenOf, stateOf } from '../../../support/processes/processes';
import { describeIf } from '../../../support/require';
import { until } from '../../../support/until';

jest.setTimeout(patience(60_000));

const LIMIT = 100 * MIB;
const MEMORY = `import os, time
memory = bytearray(60 * 2 ** 20)
`;

describeIf(['linux', 'machine', 'python3'], 'memory that several processes of a polled group share', () => {
  const newGroup = groupsOfEachTest();

  let directory: string;
  beforeEach(() => {
    // Not in /tmp, which may be a tmpfs: what is in that is memory.
    directory = mkdtempSync('/var/tmp/memcage-test-polling-');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const python = (group: TestGroup, program: string) => group.run(`exec python3 -c '${MEMORY}${program}'`);

  /** What is used once there are so many processes with that memory, after some more looks. */
  async function usageOf(group: TestGroup, processes: number): Promise<number> {
    await until('all are there', () => {
      group.lookNow(patience(5000));
      return group.seen.processes === processes && (group.seen.usageBytes ?? 0) > 60 * MIB;
    });
    for (let looks = 0; looks < 10; looks += 1) group.lookNow(patience(5000));
    return group.seen.usageBytes ?? 0;
  }

  test('counts once after fork', async () => {
    const group = newGroup({ limitBytes: LIMIT });
    const child = python(group, `any(os.fork() == 0 for _ in range(3))\ntime.sleep(1000)`);
    const usage = await usageOf(group, 4);
    expect(usage).toBeLessThan(LIMIT);
    expect([group.kills, child.exitCode, child.signalCode]).toEqual([[], null, null]);
  });

  test('does not count where it is of a file', async () => {
    const group = newGroup({ limitBytes: LIMIT });
    const file = join(directory, 'file');
    writeFileSync(file, Buffer.alloc(80 * MIB, 1));
    const map = `file = open("${file}")\npages = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)`;
    const child = python(group, `import mmap\n${map}\nsum(pages[::4096])\nos.fork()\ntime.sleep(1000)`);
    const usage = await usageOf(group, 2);
    expect(usage).toBeLessThan(LIMIT);
    expect([group.kills, child.exitCode, child.signalCode]).toEqual([[], null, null]);
  });

  test('does not count for one that has let go of it since it was found, and is about to end', async () => {
    const parent = spawn('sh', ['-c', 'true & exec sleep 1000'], { stdio: 'ignore' });
    try {
      // `sleep` does not wait for it.
      const zombie = await until('a zombie', () => {
        const [pid] = parent.pid === undefined ? [] : childrenOf(parent.pid);
        return pid !== undefined && stateOf(pid) === 'Z' ? pid : undefined;
      });
      const found = readProcessStat(zombie, 4096);
      if (found === undefined) throw new Error('it is gone');
      expect(proportionalBytes([{ ...found, rssBytes: 60 * MIB }], 4096)).toBe(0);
    } finally {
      parent.kill('SIGKILL');
      await endOf(parent);
    }
  });

  test('counts for each that writes to it', async () => {
    const group = newGroup({ limitBytes: LIMIT });
    const write = 'memory[::4096] = bytes(len(memory[::4096]))';
    const child = python(group, `os.fork()\n${write}\ntime.sleep(1000)`);
    expect(await endOf(child)).toBe('SIGKILL');
    await until('it is told', () => group.kills.length === 1);
  });

  test('counts once while a child is about to become another program', async () => {
    const group = newGroup({ limitBytes: LIMIT });
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    // The child shares the memory until it has opened that file, which nobody opens for writing.
    const actions = `[(os.POSIX_SPAWN_OPEN, 0, "${fifo}", os.O_RDONLY, 0)]`;
    const child = python(group, `os.posix_spawn("/bin/true", ["true"], {}, file_actions=${actions})`);
    const usage = await usageOf(group, 2);
    expect(usage).toBeLessThan(LIMIT);
    expect([group.kills, child.exitCode, child.signalCode]).toEqual([[], null, null]);
  });

  test('counts once also when the child has let go of its parent, and has no memory of its own yet', async () => {
    const group = newGroup({ limitBytes: LIMIT });
    // A clone with CLONE_VM alone is in that state for as long as it waits in pause(2).
    const share =
      'import ctypes, signal\nlibc = ctypes.CDLL(None)\nstack = ctypes.create_string_buffer(65536)\n' +
      'top = ctypes.c_void_p((ctypes.addressof(stack) + 65536) & ~15)\n' +
      'pid = libc.clone(libc.pause, top, 0x100 | signal.SIGCHLD, None)';
    const child = python(group, `${share}\ntime.sleep(0.4)\nos.kill(pid, 9)\ntime.sleep(1000)`);
    await until('both were there', () => group.lookNow(patience(5000)) && group.seen.processes === 2);
    const usage = await usageOf(group, 1);
    expect(usage).toBeLessThan(LIMIT);
    expect([group.kills, child.exitCode, child.signalCode]).toEqual([[], null, null]);
  });

  test('counts for a child of fork also while its parent waits for another to become a program', async () => {
    const group = newGroup({ limitBytes: LIMIT });
    const fifo = join(directory, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const actions = `[(os.POSIX_SPAWN_OPEN, 0, "${fifo}", os.O_RDONLY, 0)]`;
    // The child of fork takes its memory once its parent waits.
    const eat = 'time.sleep(1)\n  memory[::4096] = bytes(len(memory[::4096]))\n  time.sleep(1000)';
    const child = python(
      group,
      `if os.fork() == 0:\n  ${eat}\nos.posix_spawn("/bin/true", ["true"], {}, file_actions=${actions})`,
    );
    expect(await endOf(child)).toBe('SIGKILL');
    await until('it is told', () => group.kills.length === 1);
  });

  test('is seen when the first thread of a process has ended', async () => {
    const group = newGroup({ limitBytes: LIMIT });
    // exit(2), which ends one thread only.
    const end = 'import ctypes, threading\nthreading.Thread(target=time.sleep, args=[1000]).start()';
    python(group, `${end}\nctypes.CDLL(None).syscall(${process.arch === 'arm64' ? 93 : 60}, 0)`);
    expect(await usageOf(group, 1)).toBeGreaterThan(60 * MIB);
  });
});
