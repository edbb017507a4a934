export { Build } from '../src/build.js';
