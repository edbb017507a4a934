// Packs a model into one file, reads the file as a browser does (without native code), and writes a web page that opens it. Copy
// example.html, example.kneser and the package's folder dist/browser (as kneser/) to any web server.
import { readFile, writeFile } from 'node:fs/promises';
import { pack, train } from 'kneser';
import { LanguageModel } from 'kneser/native-free';

const [text = 'text.txt'] = process.argv.slice(2);
await train({ files: [text], out: 'example-trigrams', order: 3, force: true });
const { bytes } = await pack({ model: 'example-trigrams', out: 'example.kneser', force: true });
console.log(`example.kneser: ${bytes} bytes`);

const model = await LanguageModel.fromFile(new Blob([await readFile('example.kneser')]));
const [next] = await model.predict('of the', { top: 1 });
console.log(`of the … ${next.token}`);
await model.close();

await writeFile(
  'example.html',
  `<!doctype html>
<meta charset="utf-8" />
<title>Next words</title>
<input id="text" size="60" placeholder="Type some words" />
<ol id="next"></ol>
<script type="module">
  import { LanguageModel } from './kneser/index.js';

  const model = await LanguageModel.fromFile(new URL('example.kneser', location.href));
  const [text, list] = [document.querySelector('#text'), document.querySelector('#next')];
  text.oninput = async () => {
    const words = await model.predict(text.value, { top: 5 });
    list.replaceChildren(...words.map(({ token }) => Object.assign(document.createElement('li'), { textContent: token })));
  };
</script>
`,
);
