import { type FSWatcher, watch as watchFiles } from 'node:fs';
import { basename, dirname } from 'node:path';

interface WatchedDirectory {
  watcher: FSWatcher;
  /** By the names of the cgroups in it. */
  onChange: Map<string, Set<() => void>>;
}

const directories = new Map<string, WatchedDirectory>();

/**
 * Call `onChange` when the directory may have been removed, of which v2 tells nothing itself: its parent is watched, with
 * the one inotify(7) instance that libuv has for a thread. Returns the end of it.
 *
 * @throws Node's error when there is no instance, or no watch, to be had
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
  // It is gone too.
  watcher.on('error', () => end(parent));
  const directory = { watcher, onChange };
  directories.set(parent, directory);
  return directory;
}

function end(parent: string): void {
  directories.get(parent)?.watcher.close();
  directories.delete(parent);
}
