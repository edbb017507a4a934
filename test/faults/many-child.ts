import { setTimeout as wait } from 'node:timers/promises';
import { KneserError, LanguageModel, train, tune } from '../../src/index.js';
import { askModel, SENTENCE } from './many-questions.js';

/** The task of a process of this harness. */
export interface Task {
  readonly role: 'read' | 'train' | 'tune';
  readonly model: string;
  /** The texts of the versions, or the text to tune on. */
  readonly files: readonly string[];
}

/** The results of this process: each answer or error, and how often it occurred. */
export type Done = Readonly<Partial<Record<string, number>>>;

/** Opens a model, and asks it at once, after a while, and with its tables loaded. While the model is open, the answers must stay the same. */
async function read(path: string): Promise<string> {
  await using model = await LanguageModel.open(path, { tables: 'page' });
  const answer = await askModel(model);
  await wait(20);
  if ((await askModel(model)) !== answer) return 'other answers while it was open';
  const loaded = await model.load();
  const same =
    JSON.stringify([...loaded.score(SENTENCE).log10Probs]) ===
    JSON.stringify([...(await model.score(SENTENCE)).log10Probs]);
  return same ? answer : 'other answers when it was loaded';
}

let stopped = false;

async function work({ role, model, files }: Task): Promise<Done> {
  const done: Record<string, number> = {};
  for (let turn = 1; !stopped; turn++) {
    let result: string;
    try {
      if (role === 'read') result = await read(model);
      else if (role === 'train') {
        await train({
          files: [files[turn % files.length]],
          out: model,
          order: 3,
          patterns: { skip: true },
          force: true,
        });
        result = 'trained';
        // The pause is long enough for tuning to end now and then.
        await wait(300);
      } else {
        await tune({ model, files });
        result = 'tuned';
      }
    } catch (error) {
      result = error instanceof KneserError ? `${error.code}: ${error.message}` : String((error as Error).stack);
    }
    done[result] = (done[result] ?? 0) + 1;
  }
  return done;
}

process.on('message', (message: Task | 'stop') => {
  if (message === 'stop') stopped = true;
  else void work(message).then(done => process.send?.(done, () => process.exit()));
});
