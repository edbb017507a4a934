import { BOS, BOS_WORD, EOS_WORD, UNK_WORD } from '../text/tokens.js';
import { checkedIds } from './completions.js';
import { textOf } from './detokenize.js';
import type { Endpoint } from './endpoint.js';
import { flag, list, membersOf, model, required, text, described, whole, type Members } from './members.js';
import { MOST_TOKENS } from './options.js';
import { SCHEMAS } from './schemas.js';

const TOKENIZE: Members = {
  model,
  prompt: required(described('The text.', text)),
  add_special_tokens: described('Whether `<s>` stands before the tokens. Default false.', flag),
  return_token_strs: described('Whether the answer has the tokens as texts, too.', flag),
};

const DETOKENIZE: Members = {
  model,
  tokens: required(described('Token ids.', list(whole(0, 2 ** 31), 0, MOST_TOKENS))),
};

/** The endpoints with which clients use the tokenizer of the server; their form is that of vLLM, which lm-evaluation-harness asks for. */
export const TOKENS: readonly Endpoint[] = [
  {
    method: 'POST',
    path: '/tokenize',
    summary: 'The token ids of a text.',
    members: TOKENIZE,
    answers: SCHEMAS.tokens,
    answer: async (call, body) => {
      const {
        model,
        prompt,
        add_special_tokens: marked,
        return_token_strs: strings,
      } = membersOf<{
        model?: string;
        prompt: string;
        add_special_tokens?: boolean;
        return_token_strs?: boolean;
      }>('tokenize', body, TOKENIZE);
      const served = call.model(model);
      const ids = await served.idsOf(prompt, MOST_TOKENS, call.pause);
      const tokens = [...(marked ? [BOS] : []), ...Array.from(ids)];
      return {
        count: tokens.length,
        max_model_len: MOST_TOKENS,
        tokens,
        ...(strings ? { token_strs: tokens.map(id => served.token(id)) } : {}),
      };
    },
  },
  {
    method: 'POST',
    path: '/detokenize',
    summary: 'The text of token ids.',
    members: DETOKENIZE,
    answers: SCHEMAS.text,
    answer: async (call, body) => {
      const { model, tokens } = membersOf<{ model?: string; tokens: number[] }>('detokenize', body, DETOKENIZE);
      const served = call.model(model);
      const { text } = await textOf(served, checkedIds('tokens', tokens, served), call.pause);
      return { prompt: text };
    },
  },
  {
    method: 'GET',
    path: '/tokenizer_info',
    summary: 'The marks of the tokenizer.',
    parameters: { model },
    answers: SCHEMAS.tokenizer,
    answer: call => {
      const { name, paged, ids } = call.model(call.query['model']);
      const { tokenization } = paged.parts;
      return {
        tokenizer_class: `kneser ${tokenization.info.tokenizer}`,
        model: name,
        bos_token: BOS_WORD,
        eos_token: EOS_WORD,
        unk_token: UNK_WORD,
        // No text is padded here, but clients want a mark for it.
        pad_token: EOS_WORD,
        model_max_length: MOST_TOKENS,
        vocab_size: ids,
        chat_template: null,
      };
    },
  },
];
