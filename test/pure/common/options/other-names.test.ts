import { type GivenLimits, resolveCageLimits } from '../../../../lib/cgroup/limits/resolve-limits';
import { strict } from '../../../../lib/common/options/accepted-options';
import { resolveRoot } from '../../../../lib/process/root/resolve-root';
import { resolvePrivileges } from '../../../../lib/process/settings/privileges';
import { resolveRlimits } from '../../../../lib/process/settings/resource-limits';
import { testRows } from '../../../support/rows';
import { thrown } from '../../../support/thrown';

const limits = (given: object): unknown => resolveCageLimits(given as GivenLimits, 'run');
const bind = (given: object): unknown => resolveRoot({ path: '/r', binds: [given] }, 'run');
const tmpfs = (given: object): unknown => resolveRoot({ path: '/r', tmpfs: [given] }, 'run');
const all = strict('run', 'spawn');

/** In docker(1), systemd.exec(5), runc, the kernel's own files and shells. */
testRows<[option: string, names: string, read: (given: object) => unknown]>(
  'the name of another program leads to the option',
  [
    ['memory.max', 'limit memory MemoryMax', (memory) => limits({ memory })],
    ['memory.soft', 'soft_limit reservation', (memory) => limits({ memory })],
    ['memory.swap', 'memsw SwapMax swapLimit', (memory) => limits({ memory })],
    ['cpu.max', 'cpus cores limit quota', (cpu) => limits({ cpu })],
    ['cpu.weight', 'shares', (cpu) => limits({ cpu })],
    ['cpu.set', 'cpuset cpuset-cpus', (cpu) => limits({ cpu })],
    ['stall.limitMs', 'ms timeout timeoutMs duration limit', (stall) => limits({ stall })],
    ['stall.action', 'kill', (stall) => limits({ stall })],
    ['root.path', 'root rootfs dir directory', (root) => resolveRoot(root, 'run')],
    ['root.readOnly', 'ro', (root) => resolveRoot(root, 'run')],
    ['root.binds', 'bind mounts volumes BindPaths', (root) => resolveRoot(root, 'run')],
    ['root.hide', 'mask masked maskedPaths hidden InaccessiblePaths', (root) => resolveRoot(root, 'run')],
    ['root.binds[0].source', 'src from host hostPath', bind],
    ['root.binds[0].target', 'dst dest destination to containerPath path', bind],
    ['root.binds[0].readOnly', 'ro', bind],
    ['root.tmpfs[0].path', 'to dst dest destination target', tmpfs],
    ['root.tmpfs[0].size', 'max limit maxSize', tmpfs],
    ['privileges.noNewPrivileges', 'noNewPrivs NoNewPrivileges', (given) => resolvePrivileges(given, 'run')],
    ['privileges.capabilities', 'caps cap keepCaps', (given) => resolvePrivileges(given, 'run')],
    ['privileges.seccomp', 'filter bpf', (given) => resolvePrivileges(given, 'run')],
    ['rlimits.nofile', 'files openFiles fds', (given) => resolveRlimits(given, 'run')],
    ['rlimits.nproc', 'processes maxproc', (given) => resolveRlimits(given, 'run')],
    ['rlimits.fsize', 'fileSize', (given) => resolveRlimits(given, 'run')],
    ['rlimits.core', 'coreDump', (given) => resolveRlimits(given, 'run')],
    ['rlimits.cpu', 'cpuTime cpuSeconds', (given) => resolveRlimits(given, 'run')],
    ['rlimits.as', 'addressSpace vmem memory', (given) => resolveRlimits(given, 'run')],
    ['namespaces', 'ns', all.read],
    ['root', 'rootfs chroot pivotRoot rootOptions binds bindMounts readonly tmpfs hide', all.read],
    ['pids', 'pidsLimit pids_max maxPids TasksMax maxProcesses processes', all.read],
    ['cpu', 'cpus cpuLimit cpuQuota maxCpu', all.read],
    ['cpuTimeMs', 'cpuTime cpuMs maxCpuTime cpuTimeLimit', all.read],
    ['stall', 'stallMs stalled stallLimit stallTimeout thrashing livelock', all.read],
    ['thresholds', 'threshold usageThreshold usageThresholds', all.read],
    ['evidence', 'evidenceDir postMortem memoryReport coreDump', all.read],
    ['nodeHeap', 'heapLimit maxHeap max-old-space-size', all.read],
    ['keepDescendants', 'keepChildren', all.read],
    ['oomScoreAdj', 'oomScore oomAdj OOMScoreAdjust', all.read],
    ['nice', 'niceness', all.read],
    ['privileges', 'noNewPrivs noNewPrivileges seccomp', all.read],
  ],
  ([option, names, read]) => {
    for (const name of names.split(' ')) {
      expect([name, thrown(() => read({ [name]: '' })).message]).toEqual([
        name,
        expect.stringContaining(`did you mean '${option}'?`),
      ]);
    }
  },
);
