import type { ProcessShare } from '../messages';

/** A process in the tree, below its parent. */
export interface Branch {
  process: ProcessShare;
  depth: number;
  /** With all its descendants. */
  totalBytes: number;
  hasChildren: boolean;
}

/** What is shown of many processes. */
export interface ProcessTree {
  /** In the order of the tree, the largest first. */
  branches: readonly Branch[];
  /** Those for which there is no room. */
  rest: { count: number; bytes: number };
}

interface Node {
  process: ProcessShare;
  children: Node[];
  totalBytes: number;
}

/** @param most how many of the largest; those above them come too */
export function treeOf(processes: readonly ProcessShare[], most: number): ProcessTree {
  const nodes = new Map<number, Node>(
    processes.map((process) => [process.pid, { process, children: [], totalBytes: 0 }]),
  );
  const roots = link(nodes);
  const kept = new Set<number>();
  for (const { pid } of [...processes].sort(byHeld).slice(0, most)) keep(pid, nodes, kept);
  const branches = roots.sort(byTotal).flatMap((root) => branchesOf(root, kept));
  const left = processes.filter(({ pid }) => !kept.has(pid));
  return { branches, rest: { count: left.length, bytes: left.reduce((sum, { heldBytes }) => sum + heldBytes, 0) } };
}

/** Gives each its children and its total. @returns those without a parent */
function link(nodes: ReadonlyMap<number, Node>): Node[] {
  for (const node of nodes.values()) nodes.get(node.process.ppid)?.children.push(node);
  const tops = [...nodes.values()].filter(({ process }) => !nodes.has(process.ppid));
  const seen = new Set<Node>();
  const roots: Node[] = [];
  // All others are below them, unless a pid was taken anew while they were read: then some are their own ancestors.
  for (const root of [...tops, ...nodes.values()]) {
    if (seen.has(root)) continue;
    roots.push(root);
    addUp(root, seen);
  }
  return roots;
}

/** Not by recursion: a chain of processes may be as long as there are processes. */
function addUp(root: Node, seen: Set<Node>): void {
  seen.add(root);
  const order = [root];
  for (const node of order) {
    node.children = node.children.filter((child) => !seen.has(child));
    for (const child of node.children) seen.add(child);
    order.push(...node.children);
  }
  for (const node of order.reverse()) {
    node.totalBytes = node.children.reduce((sum, child) => sum + child.totalBytes, node.process.heldBytes);
    node.children.sort(byTotal);
  }
}

function keep(pid: number, nodes: ReadonlyMap<number, Node>, kept: Set<number>): void {
  for (
    let node = nodes.get(pid);
    node !== undefined && !kept.has(node.process.pid);
    node = nodes.get(node.process.ppid)
  ) {
    kept.add(node.process.pid);
  }
}

function branchesOf(root: Node, kept: ReadonlySet<number>): Branch[] {
  const branches: Branch[] = [];
  const left = [{ node: root, depth: 0 }];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { node, depth } = next;
    const { process, children, totalBytes } = node;
    if (!kept.has(process.pid)) continue;
    branches.push({ process, depth, totalBytes, hasChildren: children.length > 0 });
    left.push(...[...children].reverse().map((child) => ({ node: child, depth: depth + 1 })));
  }
  return branches;
}

function byHeld(one: ProcessShare, other: ProcessShare): number {
  return other.heldBytes - one.heldBytes;
}

function byTotal(one: Node, other: Node): number {
  return other.totalBytes - one.totalBytes;
}
