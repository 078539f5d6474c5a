import type { Case } from '../support/case';
import { leaks } from './leaks';
import { many } from './many';
import { oom } from './oom';
import { rivals } from './rivals';
import { spawnLarge, spawnPaced, spawnSmall } from './spawn';
import { stat } from './stat';

export const cases: readonly Case[] = [spawnSmall, spawnPaced, spawnLarge, stat, oom, leaks, many, rivals];
