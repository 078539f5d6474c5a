import type { Finding } from '../../types/diagnosis';
import type { NamespaceOptions } from '../../types/options';
import { run } from '../api/run';

const KINDS: readonly (keyof NamespaceOptions)[] = ['uts', 'mount', 'pid', 'ipc', 'net', 'cgroup', 'time', 'user'];

/**
 * Starts a child in each kind of namespace: limits, capabilities and security modules all matter, and only the kernel
 * knows the result.
 */
export async function findNamespaces(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const kind of KINDS) findings.push(await findNamespace(kind));
  return findings;
}

async function findNamespace(kind: keyof NamespaceOptions): Promise<Finding> {
  const name = `namespace.${kind}`;
  try {
    await run('/bin/sh', ['-c', ':'], { namespaces: { [kind]: true } });
    return { name, state: 'ok', detail: 'a child can have its own' };
  } catch (error) {
    return { name, state: 'missing', detail: (error as Error).message };
  }
}
