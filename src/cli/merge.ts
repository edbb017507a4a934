import { checkInteger } from '../base/check.js';
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { WeightedModel } from '../train/merge.js';
import { addCombineFlags, combine, type CombineFlags } from './combine.js';

const HELP = `
The new model equals a model trained on the texts of all models. The models must have the same order, skip patterns and text options,
and must have been trained either with all words of their texts or with the same list of words (--vocab).

Examples:
  kneser merge january february --out model
  kneser train march.txt --out march && kneser merge model march --out model --force`;

/** `kneser merge`. */
export function define(command: Command): void {
  command.argument('<model...>', 'models: folders, packed files or their addresses; model*2 counts its text twice');
  addCombineFlags(command).addHelpText('after', HELP).action(run);
}

async function run(models: readonly string[], flags: CombineFlags): Promise<void> {
  const { merge } = await import('../train/merge.js');
  await combine(flags, options => merge({ models: models.map(parseModel), ...options }));
}

/** Reads `model*2` as the model twice, unless a file has the name `model*2`. */
function parseModel(text: string): WeightedModel {
  const match = /^(.+)\*([\d.]+)$/s.exec(text);
  if (!match || existsSync(text)) return { model: text };
  return { model: match[1], times: checkInteger(text, Number(match[2]), 1, 2 ** 32 - 1) };
}
