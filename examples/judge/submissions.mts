/** What is handed in, the file in `submissions`, and the verdict on it. */
export interface Submission {
  name: string;
  file: string;
  verdict: RegExp;
}

type Row = [name: string, file: string, verdict: RegExp];

const rows: Readonly<Record<string, readonly Row[]>> = {
  Programs: [
    ['a right one in C', 'sum.c', /^accepted$/],
    ['a right one in Python', 'sum.py', /^accepted$/],
    ['a right one in JavaScript', 'sum.js', /^accepted$/],
    ['a wrong one', 'wrong.py', /^wrong answer: 16$/],
    ['one that crashes', 'crash.c', /^runtime error: SIGSEGV$/],
    ['one that clears the screen', 'escape.py', /^wrong answer: \[2J \[1;1Haccepted$/],
    ['one that fails', 'fails.py', /^runtime error: exit code 1, broken$/],
    ['one that kills itself', 'own-sigkill.c', /^runtime error: SIGKILL$/],
    ['one without a declaration', 'broken.c', /^compile error: .* error: .*undeclared/],
  ],
  'Programs for the compiler': [
    ['one of endless source', 'include-zero.c', /^compile limit: memory limit, cause limit$/],
    // On a busy machine the ticks that RLIMIT_CPU counts may be ahead of the time that memcage counts.
    ['one with a hard constant', 'constant.c', /^compile limit: time limit$|CPU time limit exceeded/],
    ['one of 256 MiB', 'large-binary.c', /^compile limit: (memory|output) limit/],
    ['one that includes secrets', 'include-shadow.c', /^compile error: .*No such file or directory$/],
  ],
  'Programs that take too much': [
    ['memory', 'memory.c', /^memory limit: cause limit$/],
    ['memory of JavaScript', 'memory.js', /^memory limit: (the JavaScript heap|cause limit)$/],
    ['memory by many processes', 'memory-processes.py', /^memory limit: cause limit$/],
    ['System V memory', 'memory-shared.c', /^memory limit: cause limit$/],
    ['memory as a file', 'memory-file.py', /^memory limit: cause limit$/],
    ['memory in pipes', 'memory-pipes.py', /^memory limit: cause limit$/],
    ['more than there is room for', 'stall.c', /^stalled$/],
    ['a deep stack', 'deep-stack.c', /^runtime error: SIGSEGV$/],
    ['the processor', 'loop.c', /^time limit$/],
    ['the processor in turns', 'loop-in-turns.c', /^time limit$/],
    ['all the time there is', 'sleep.py', /^wall limit$/],
    ['processes', 'fork-bomb.c', /^process limit: more than 10$/],
    ['threads', 'thread-bomb.py', /^process limit: more than 10$/],
    ['stdout', 'flood.c', /^output limit$/],
    ['stderr', 'flood-stderr.js', /^output limit$/],
    ['a large file', 'large-file.c', /^file limit$/],
    ['a full /tmp', 'full-tmp.py', /^wrong answer: No space left on device after \d MiB$/],
    ['a full /dev/shm', 'full-shm.py', /^memory limit: cause limit$/],
    // Some 60,000 system calls: where they are slow, the time is over first.
    ['many files', 'many-files.c', /^memory limit: cause limit$|^wrong answer: No space left on device$|^time limit$/],
    ['many fds', 'many-fds.py', /^wrong answer: Too many open files after 63$/],
  ],
  // Held by `root`: a root directory in which there is nothing to find.
  'Programs that look around': [
    ['all files', 'all-files.py', /^wrong answer: \/data \/etc\/ld\.so\.cache \/submission$/],
    ['secrets', 'secrets.py', /^wrong answer: opened:$/],
    ['symbolic links', 'symlinks.py', /^wrong answer: (\w+: (No such file or directory|Permission denied);? ?){4}$/],
    // The files of each of them are memory of the cage. Where the judge is not root, the program owns /dev.
    ['a place to write to', 'write-anywhere.py', /^wrong answer: written to (\/dev )?\/dev\/shm \/tmp$/],
    ['devices', 'devices.py', /^wrong answer: unusual:; mknod: Operation not permitted$/],
    ['the terminal of the judge', 'terminal.py', /^wrong answer: no terminal$/],
    ['another cgroup', 'leave-cage.py', /^wrong answer: 0 hierarchies, 0 names of a cage, untrusted$/],
  ],
  // Held by `namespaces`, and by memcage, which ends what a program leaves behind and passes on no fds.
  'Programs that look for others': [
    ['fds of the judge', 'open-fds.py', /^wrong answer: 0 1 2$/],
    ['pids of the machine', 'other-pids.c', /^wrong answer: 0 others$/],
    ['/proc of others', 'proc-pids.py', /^wrong answer: 0 others$/],
    ['signals to all', 'signals.c', /^wrong answer: still below 1$/],
    [
      'the network',
      'network.py',
      /^wrong answer: connect: Network is unreachable; port 22: .*denied; raw: Protocol not supported; 0 listeners, 0 names$/,
    ],
    ['a process that stays', 'daemon.c', /^wrong answer$/],
    ['a process with stdout', 'held-stdout.py', /^wrong answer$/],
  ],
  // Held by `uid`, `privileges` and `rlimits`.
  'Programs that want more rights': [
    ['the init', 'proc-1-exe.py', /^wrong answer: ([\w ]+: Permission denied;? ?){5}$/],
    ['set-user-ID programs', 'setuid.py', /^wrong answer: stayed the same$/],
    ['settings', 'settings.py', /^wrong answer: (\w+ ?\w* refused;? ?){6}$/],
    ['locked memory', 'mlock.c', /^wrong answer: (Operation not permitted|Cannot allocate memory)$/],
    ['a core dump', 'core-dump.c', /^wrong answer: no core$/],
  ],
  // Held by `privileges.seccomp`.
  'Programs that ask the kernel': [
    ['tracing', 'ptrace.c', /^wrong answer: refused$/],
    ['a mount', 'mount.c', /^wrong answer: refused$/],
    ['a namespace', 'unshare.c', /^wrong answer: refused$/],
    ['a namespace by clone', 'clone.c', /^wrong answer: refused$/],
    ['a namespace by clone3', 'clone3.c', /^wrong answer: Function not implemented$/],
    ['keys of the kernel', 'keyring.c', /^wrong answer: refused$/],
    ['a ring for system calls', 'io-uring.c', /^wrong answer: Function not implemented$/],
    ['memory in netlink sockets', 'netlink.c', /^wrong answer: Address family not supported by protocol$/],
    ['memory in a ring of packets', 'packets.c', /^wrong answer: Protocol not supported$/],
    ['the clock', 'clock.c', /^wrong answer: refused$/],
  ],
};

export const groups = Object.entries(rows).map(([title, all]) => ({
  title,
  submissions: all.map(([name, file, verdict]): Submission => ({ name, file, verdict })),
}));
