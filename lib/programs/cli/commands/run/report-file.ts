import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { shellWord } from '../../../../common/text/names';

/** Where a report goes, open until it is written. */
export interface ReportFile {
  /** What a message calls it. */
  readonly name: string;
  /** Writes all of the report, once. Throws what the kernel refuses. */
  write(text: string): void;
}

/** @param target a path, or an fd that memcage was given. Throws if it can't be opened, or is not open for writing. */
export function openReport(option: string, target: string | number): ReportFile {
  return typeof target === 'number' ? givenFd(option, target) : madeFile(option, target);
}

function madeFile(option: string, path: string): ReportFile {
  let fd: number;
  try {
    fd = openSync(path, 'w');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const cure = code === 'ENOENT' ? `. Cure: mkdir -p ${shellWord(dirname(path))}` : '';
    throw new Error(`--${option} ${path} can't be written: ${message.replace(/, open '.*'$/s, '')}${cure}`);
  }
  return {
    name: path,
    write(text) {
      writeFileSync(fd, text);
      if (!existsSync(path)) throw new Error('it was removed while the command ran');
    },
  };
}

/** Node has made it close-on-exec, as each that it inherits, and the start of a child closes it anyway. */
function givenFd(option: string, fd: number): ReportFile {
  const name = `fd:${fd}`;
  if (!isGivenForWriting(fd)) {
    const cure = `${fd}>FILE in a shell, a pipe as stdio[${fd}] elsewhere, and no npx between, which hands on fds 0 to 2 alone`;
    throw new Error(`--${option} ${name}: fd ${fd} is not open for writing. Cure: ${cure}`);
  }
  return {
    name,
    write(text) {
      try {
        writeFileSync(fd, text);
        // Who reads it gets the end of the file now, also if memcage waits for more. Those of Node must stay.
        if (fd > 2) closeSync(fd);
      } catch (error) {
        // Nobody wants to know any more.
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
      }
    },
  };
}

/** Node has fds of its own at the first free numbers: some that are no file, and pipes with both ends in this process. */
function isGivenForWriting(fd: number): boolean {
  try {
    const { S_IFMT, S_IFDIR } = constants;
    const own = fstatSync(fd);
    const type = own.mode & S_IFMT;
    if (type === 0 || type === S_IFDIR || isForReading(fd)) return false;
    if (!own.isFIFO()) return true;
    return !readdirSync('/proc/self/fd').some(
      (other) => isForReading(other) && statSync(`/proc/self/fd/${other}`).ino === own.ino,
    );
  } catch {
    return false;
  }
}

/** Whether it is open for nothing else. */
function isForReading(fd: number | string): boolean {
  const { O_RDONLY, O_WRONLY, O_RDWR } = constants;
  try {
    const [, flags = ''] = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? [];
    return (Number.parseInt(flags, 8) & (O_WRONLY | O_RDWR)) === O_RDONLY;
  } catch {
    // The directory that is being read is closed by now.
    return false;
  }
}
