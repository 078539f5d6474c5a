import type { ChildProcess } from 'node:child_process';

interface Referable {
  ref?(): unknown;
  unref?(): unknown;
}

/** Whether a child, its channel and its pipes keep this process alive. Those of `fork` do. */
export function setRefs(child: ChildProcess, refs: boolean): void {
  // Node leaves `stdio` undefined if there were no fds for the pipes.
  const pipes: readonly unknown[] = (child.stdio as ChildProcess['stdio'] | undefined) ?? [];
  for (const each of [child, child.channel, ...pipes] as (Referable | null | undefined)[]) {
    if (refs) each?.ref?.();
    else each?.unref?.();
  }
}

/** Keeps this process alive as long as something is awaited that would not. */
export class Hold {
  #timer: NodeJS.Timeout | undefined;

  set(holds: boolean): void {
    if (!holds) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else this.#timer ??= setInterval(() => {}, 2 ** 30);
  }
}
