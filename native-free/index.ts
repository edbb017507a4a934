export { LanguageModel } from '../src/score/model.js';
