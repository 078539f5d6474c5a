import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';
import type { CloneFailure, Stage } from '../../../types/native';
import { ErrorCode, MemcageError } from '../../common/errors/errors';
import type { NamespaceFacts } from '../../process/namespaces/namespace-facts';
import type { Root } from '../../process/root/root';
import { foundInRoot } from './root-part';
import { explainRootStep, ROOT_STAGES, type RootStage } from './root-reasons';

const { ENOSYS } = constants.errno;

export function isRootStage(stage: Stage): stage is RootStage {
  return ROOT_STAGES.has(stage);
}

/** The error for a working directory that is not in the child's root. Node's would look as if the program were missing. */
export function noDirectoryInside({ errno, path, syscall }: CloneFailure): MemcageError {
  const name = getSystemErrorName(errno);
  const cure = "the option cwd, with a directory that the child's root has";
  const message = `The child can't begin in ${path} (${name}), which is looked up in its own root (option root). Cure: ${cure}`;
  return new MemcageError(ErrorCode.MOUNT, message, { errno, stage: 'cwd', syscall, path, cure });
}

/** The error for an init that does not find its own executable in `/proc`, though the root and its `/proc` were made. */
export function noProcInside({ stage, errno, path, syscall }: CloneFailure, root: Root): MemcageError {
  const name = getSystemErrorName(errno);
  const { name: whole } = foundInRoot(root, 'root', '');
  const cure =
    'let no entry lead to /proc by a symbolic link, and give a tmpfs at / a mode that lets this user search it; ' +
    'or namespaces: { pid: true }, without an init';
  const message = `The init finds no /proc in ${whole} (${name}, ${path}): an entry of root covers it, or / can't be searched. Cure: ${cure}`;
  return new MemcageError(ErrorCode.MOUNT, message, { errno, stage, syscall, path, cure });
}

/** The error for a root directory that could not be made: which entry of the option, why, and what helps. */
export function failedRoot(
  failure: CloneFailure & { stage: RootStage },
  root: Root | undefined,
  facts: NamespaceFacts,
): MemcageError {
  const { stage, errno, path, syscall } = failure;
  const part = foundInRoot(root, stage, path);
  const { why, cure } = explainRootStep(failure, part, facts);
  const name = getSystemErrorName(errno);
  const message = `${part.name} could not be ${DONE[stage]} (${name}): ${why}${cure === '' ? '' : `. Cure: ${cure}`}`;
  const code = errno === -ENOSYS ? ErrorCode.UNSUPPORTED : ErrorCode.MOUNT;
  return new MemcageError(code, message, {
    errno,
    stage,
    syscall,
    ...(path !== '' && { path }),
    ...(cure !== '' && { cure }),
  });
}

const DONE: Readonly<Record<RootStage, string>> = {
  root: 'taken as the root directory',
  'root-pivot': 'made the root directory',
  'root-source': 'opened',
  'root-target': 'given its place',
  'root-mount': 'mounted',
  'root-proc': 'mounted',
  'root-dev': 'made',
  'root-hide': 'hidden',
  'root-read-only': 'made read-only',
};
