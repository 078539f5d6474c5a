import type { Case } from '../support/case';
import { functions } from './functions';
import { launcher } from './launcher';
import { leaks } from './leaks';
import { many } from './many';
import { oom } from './oom';
import { rivals } from './rivals';
import { spawnLarge, spawnPaced, spawnSmall } from './spawn';
import { stat } from './stat';

export const cases: readonly Case[] = [
  spawnSmall,
  spawnPaced,
  spawnLarge,
  functions,
  stat,
  oom,
  leaks,
  many,
  launcher,
  rivals,
];
