import type { Command } from 'commander';
import { parseNumber, parseWhole } from './values.js';

/** Declares the flags that say which tokens are drawn from a model, and how many for a text. */
export function addDrawingFlags(command: Command): Command {
  return command
    .option('--max-tokens <n>', 'the most tokens drawn for a text (default: 200)', parseWhole)
    .option('--temperature <t>', 'draw in proportion to p^(1/T)', parseNumber('0.8'))
    .option('--top-k <k>', 'keep the k most probable tokens', parseWhole)
    .option('--top-p <p>', 'keep the fewest tokens with this share of the probability', parseNumber('0.95'))
    .option('--min-p <p>', 'keep tokens with this share of the highest probability', parseNumber('0.05'))
    .option('--typical <p>', 'keep tokens nearest to the entropy that have this share', parseNumber('0.95'))
    .option('--epsilon <e>', 'keep tokens of at least this probability', parseNumber('0.0009'))
    .option('--eta <e>', 'keep tokens of at least min(E, sqrt(E) e^-entropy)', parseNumber('0.0009'))
    .option('--mirostat <tau>', 'reach this mean surprise [bits a token]', parseNumber('5'))
    .option('--mirostat-rate <rate>', 'how fast mirostat follows the surprise (default: 0.1)', parseNumber('0.1'))
    .option('--mirostat-version <v>', '2: bound the surprise; 1: estimate a top-k (default: 2)', parseWhole)
    .option('--unknown', 'draw <unk> too, which stands for all unknown words');
}
