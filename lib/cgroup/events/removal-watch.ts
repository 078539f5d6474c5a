import { type FSWatcher, watch as watchFiles } from 'node:fs';
import { basename, dirname } from 'node:path';

interface WatchedDirectory {
  watcher: FSWatcher;
  /** Callbacks by the names of the cgroups in this directory. */
  onChange: Map<string, Set<() => void>>;
}

const directories = new Map<string, WatchedDirectory>();

/**
 * Calls `onChange` when a directory may have been removed, which v2 itself does not report. Watches the parent with
 * the one inotify(7) instance that libuv has for each thread. Returns a function that ends this.
 *
 * @throws Node's error if there is no inotify instance, or no watch, left
 */
export function watchRemoval(path: string, onChange: () => void): () => void {
  const parent = dirname(path);
  const name = basename(path);
  const { onChange: byName } = watched(parent);
  const callbacks = byName.get(name) ?? new Set();
  byName.set(name, callbacks.add(onChange));
  return () => {
    callbacks.delete(onChange);
    if (callbacks.size > 0 || byName.get(name) !== callbacks) return;
    byName.delete(name);
    if (byName.size === 0) end(parent);
  };
}

function watched(parent: string): WatchedDirectory {
  const known = directories.get(parent);
  if (known !== undefined) return known;
  const onChange: WatchedDirectory['onChange'] = new Map();
  const watcher = watchFiles(parent, { persistent: false }, (_, name) => {
    for (const callback of [...(onChange.get(name ?? '') ?? [])]) callback();
  });
  // The parent is gone too.
  watcher.on('error', () => end(parent));
  const directory = { watcher, onChange };
  directories.set(parent, directory);
  return directory;
}

function end(parent: string): void {
  directories.get(parent)?.watcher.close();
  directories.delete(parent);
}
