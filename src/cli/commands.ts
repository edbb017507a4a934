import type { CommandRow } from './command-row.js';

/** Groups of commands: by name, the summary. */
export const GROUPS: Readonly<Record<string, string>> = {
  spark: 'Count and score text on a Spark cluster, when one machine is not enough.',
};

/** All commands, in the order of `kneser --help`. */
export const COMMANDS: readonly CommandRow[] = [
  {
    name: 'train',
    summary: 'Train a model on text files. By default a line is a sentence and white space separates its tokens.',
    load: () => import('./train.js'),
  },
  {
    name: 'perplexity',
    summary: 'Measure the perplexity of text files, of each file and of all together.',
    load: () => import('./perplexity.js'),
  },
  {
    name: 'score',
    summary: 'Score sentences token by token: one result for each sentence.',
    load: () => import('./score.js'),
  },
  {
    name: 'vector',
    summary: 'Show where sentences are odd: for each token the mean perplexity of the windows that contain it.',
    load: () => import('./vector.js'),
  },
  {
    name: 'annotate',
    summary: 'Add figures of a model to every document: perplexity, OOV rate, the ratio to a second model.',
    load: () => import('./annotate.js'),
  },
  {
    name: 'select',
    summary: 'Choose documents by a figure, such as perplexity: thresholds, shares, buckets, samples, weights.',
    load: () => import('./select.js'),
  },
  {
    name: 'overlap',
    summary: 'Find the items of a benchmark whose n-grams are in a training text.',
    load: () => import('./overlap.js'),
  },
  {
    name: 'weigh',
    summary: 'Find what share of the training data each domain should give.',
    load: () => import('./weigh.js'),
  },
  {
    name: 'profile',
    summary:
      "Describe a text by the laws of Zipf and Heaps, lengths and repetition, and compare it with another or a model's.",
    load: () => import('./profile.js'),
  },
  {
    name: 'predict',
    summary: 'Predict the most probable next tokens after each line of input.',
    load: () => import('./predict.js'),
  },
  {
    name: 'generate',
    summary: 'Draw text from a model: exact sampling, all usual truncations, mirostat, beam search.',
    load: () => import('./generate.js'),
  },
  {
    name: 'serve',
    summary: "Serve models by HTTP: OpenAI's completions, lm-evaluation-harness, and the functions of this library.",
    load: () => import('./serve.js'),
  },
  {
    name: 'rescore',
    summary: "Order the candidates of another model's n-best lists by its scores and a language model's.",
    load: () => import('./rescore.js'),
  },
  {
    name: 'tune',
    summary: "Learn the weights of a model's mixture on held-out text, and store them beside the model.",
    load: () => import('./tune.js'),
  },
  {
    name: 'prune',
    summary: 'Write a smaller copy of a model, without rare n-grams or n-grams that hardly change perplexity.',
    load: () => import('./prune.js'),
  },
  {
    name: 'merge',
    summary: 'Merge models into one, equal to a model that is trained on all of their texts.',
    load: () => import('./merge.js'),
  },
  {
    name: 'subtract',
    summary: 'Remove the text of one model from another: the result equals a model trained without that text.',
    load: () => import('./subtract.js'),
  },
  {
    name: 'mix',
    summary: 'Mix models linearly into one back-off model, with weights learned on held-out text.',
    load: () => import('./mix.js'),
  },
  {
    name: 'export',
    summary: 'Write a model as an ARPA file: modified Kneser-Ney in back-off form, for KenLM, SRILM and others.',
    load: () => import('./export.js'),
  },
  {
    name: 'import',
    summary: 'Make a model from an ARPA file of KenLM, SRILM or IRSTLM, or from n-gram counts.',
    load: () => import('./import.js'),
  },
  {
    name: 'spark plan',
    summary: 'Write the SQL that counts a text on a Spark cluster.',
    load: () => import('./spark-plan.js'),
  },
  {
    name: 'spark import',
    summary: 'Make a model of the tables that a Spark cluster counted.',
    load: () => import('./spark-import.js'),
  },
  {
    name: 'spark score-plan',
    summary: 'Write the SQL that scores or annotates a text on a Spark cluster.',
    load: () => import('./spark-score-plan.js'),
  },
  {
    name: 'pack',
    summary: 'Pack a model into one file: to copy it, or to put it on a web server.',
    load: () => import('./pack.js'),
  },
  {
    name: 'unpack',
    summary: 'Make a model folder from a packed file, and check all of its checksums.',
    load: () => import('./unpack.js'),
  },
  {
    name: 'upgrade',
    summary: 'Copy a model of kneser 0.1.0 into the present format.',
    load: () => import('./upgrade.js'),
  },
  {
    name: 'inspect',
    summary: "Show a model's size, options, tables, discounts and weights.",
    load: () => import('./inspect.js'),
  },
  {
    name: 'vocabulary',
    summary: "List a model's words, each with its count in the training text.",
    load: () => import('./list-vocabulary.js'),
  },
  {
    name: 'counts',
    summary: "List a model's n-grams, each with its count in the training text.",
    load: () => import('./counts.js'),
  },
  {
    name: 'verify',
    summary: 'Check that a model is complete and undamaged.',
    load: () => import('./verify.js'),
  },
  {
    name: 'baseline',
    summary: 'Train and measure baselines for a corpus: Kneser-Ney and the tuned mixture at several orders.',
    load: () => import('./baseline.js'),
  },
  {
    name: 'compare',
    summary: 'Show which tokens one model predicts better than another.',
    load: () => import('./compare.js'),
  },
  {
    name: 'completion',
    summary: 'Print a script that completes commands, flags and their values in your shell.',
    load: () => import('./completion.js'),
  },
];
