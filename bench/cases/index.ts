import type { Case } from '../support/case';
import { budget } from './budget';
import { cages } from './cages';
import { events } from './events';
import { evidence } from './evidence';
import { functions } from './functions';
import { largeHeap } from './large-heap';
import { launcher } from './launcher';
import { leaks } from './leaks';
import { limits } from './limits';
import { loading } from './loading';
import { many } from './many';
import { oom } from './oom';
import { overshoot } from './overshoot';
import { readManyCgroups } from './read-many';
import { rivals } from './rivals';
import { spawnLarge, spawnPaced, spawnSmall } from './spawn';
import { stall } from './stall';
import { stat } from './stat';
import { testFiles } from './test-files';
import { warmPool } from './warm-pool';

export const cases: readonly Case[] = [
  spawnSmall,
  spawnPaced,
  spawnLarge,
  largeHeap,
  functions,
  stat,
  readManyCgroups,
  oom,
  overshoot,
  events,
  leaks,
  many,
  cages,
  launcher,
  warmPool,
  limits,
  stall,
  evidence,
  budget,
  testFiles,
  loading,
  rivals,
];
