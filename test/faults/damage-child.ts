import { KneserError, LanguageModel, verify, type LoadedModel } from '../../src/index.js';

/** The answer to a question: its text, or the error that was thrown. */
export type Answer = { readonly value: string } | { readonly error: string; readonly message: string };

/** The answers to all questions, by name. */
export type Answers = Readonly<Record<string, Answer>>;

const SENTENCES = ['word1 word2 word3 word4 word1', 'word7 word0 nothing word12 word3', 'word250 word1', ''];
const HISTORY = 'word1 word2';

async function ask(ask: () => unknown): Promise<Answer> {
  try {
    const value = await ask();
    // Typed arrays are written like arrays.
    const plain = (_: string, part: unknown): unknown =>
      ArrayBuffer.isView(part) ? [...(part as Float64Array)] : part;
    return { value: JSON.stringify(value, plain) };
  } catch (error) {
    if (error instanceof KneserError) return { error: error.code, message: error.message };
    return {
      error: 'no KneserError',
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

/** Every question to a model, paged and loaded. */
async function useModel(model: LanguageModel): Promise<Record<string, Answer>> {
  const answers: Record<string, Answer> = { info: await ask(() => model.info) };
  await useReader('paged', model, answers);
  let loaded: LoadedModel | undefined;
  const loading = await ask(async () => {
    loaded = await model.load();
    return 'loaded';
  });
  answers.loading = loading;
  if (loaded) await useReader('loaded', loaded, answers);
  return answers;
}

async function useReader(
  how: string,
  model: LanguageModel | LoadedModel,
  answers: Record<string, Answer>,
): Promise<void> {
  for (const [i, sentence] of SENTENCES.entries()) {
    answers[`${how} score ${i}`] = await ask(() => model.score(sentence));
    answers[`${how} vector ${i}`] = await ask(() => model.ngramPerplexities(sentence));
  }
  if (model.info.smoothing !== 'backoff') {
    answers[`${how} predict`] = await ask(() => model.predict(HISTORY, { top: 20, explain: true }));
  }
}

/** Opens a model and asks every question. */
async function askAll(path: string): Promise<Answers> {
  const answers: Record<string, Answer> = {};
  answers.open = await ask(async () => {
    const model = await LanguageModel.open(path, { tables: 'page' });
    try {
      Object.assign(answers, await useModel(model));
    } finally {
      await model.close();
    }
    return 'opened';
  });
  answers.verify = await ask(async () => {
    const { findings } = await verify(path);
    return findings.map(({ part, problem }) => `${part}: ${problem}`);
  });
  return answers;
}

let open: LanguageModel | undefined;

async function answer({ path, step }: { path: string; step: string }): Promise<Answers> {
  if (step === 'all') return askAll(path);
  if (step === 'open') {
    open = await LanguageModel.open(path, { tables: 'page' });
    return {};
  }
  const answers = open ? await useModel(open) : {};
  await open?.close();
  return answers;
}

process.on('message', (request: { path: string; step: string }) => {
  void answer(request).then(answers => process.send?.(answers));
});
