import type { Finding } from '../../../types/diagnosis';
import { NAMESPACE_KINDS, type NamespaceKind } from '../../process/namespaces/namespaces';
import { run } from '../run/run';

/**
 * Starts a child in each kind of namespace: limits, capabilities and security modules all matter, and only the kernel
 * knows the result.
 */
export async function findNamespaces(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const kind of NAMESPACE_KINDS) findings.push(await findNamespace(kind));
  return findings;
}

async function findNamespace(kind: NamespaceKind): Promise<Finding> {
  const name = `namespace.${kind}`;
  try {
    await run('/bin/sh', ['-c', ':'], { namespaces: { [kind]: true } });
    return { name, state: 'ok', detail: 'a child can have its own' };
  } catch (error) {
    return { name, state: 'missing', detail: (error as Error).message };
  }
}
