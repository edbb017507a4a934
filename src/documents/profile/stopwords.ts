import { readVocabularyList } from '../../text/formats/vocabulary-list.js';

/** The name of the list of English stopwords. */
export const ENGLISH = 'en';

/**
 * English function words in lower case: determiners, pronouns, prepositions, conjunctions, auxiliary verbs and a few adverbs, and the parts
 * of contractions as tokenizers of the Penn Treebank cut them.
 */
const ENGLISH_WORDS = `
a an the this that these those each every either neither some any no all both half such another other
much many more most few fewer little less several enough own same
i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
it its itself they them their theirs themselves one oneself who whom whose which what whoever whatever whichever
somebody someone something anybody anyone anything nobody none nothing everybody everyone everything
about above across after against along among around as at before behind below beneath beside besides between beyond by despite down
during except for from in inside into like near of off on onto out outside over past per since than through throughout till to toward
towards under until unlike up upon via with within without
and or but nor so yet if unless because although though while whereas whether when whenever where wherever how why
am is are was were be been being have has had having do does did doing done can could may might must shall should will would ought
not never also too very just only even still already again then there here now else ever once rather quite almost always often
's 're 've 'll 'd 'm n't 't don't doesn't didn't isn't aren't wasn't weren't haven't hasn't hadn't can't couldn't won't wouldn't
shouldn't cannot i'm i've i'll i'd you're you've you'll he's she's it's we're we've we'll they're they've they'll that's there's
`;

/** The stopwords of a list: those of English (`en`), or of the file at a path. @throws KNESER_INPUT_* */
export async function readStopwords(list: string): Promise<ReadonlySet<string>> {
  const words =
    list === ENGLISH ? ENGLISH_WORDS.trim().split(/\s+/) : await readVocabularyList(list, 'list of stopwords');
  return new Set(words.map(word => word.toLowerCase()));
}
