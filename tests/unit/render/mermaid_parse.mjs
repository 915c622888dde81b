// Reads a JSON list of Mermaid texts on stdin, parses each with the real Mermaid that is installed in the folder
// given, and prints a JSON list: null for a text that parses, or the error's message.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.argv[2]}/node_modules/`);
const load = (path) => import(pathToFileURL(path));
// Mermaid cleans words with DOMPurify, which does nothing without a browser's window. Parsing needs no cleaning.
const purify = (await load(require.resolve('dompurify').replace(/purify\.cjs\.js$/, 'purify.es.mjs'))).default;
purify.addHook ??= () => {};
purify.sanitize ??= (text) => text;
const mermaid = (await load(require.resolve('mermaid'))).default;
const answers = [];
for (const text of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  try {
    const { diagramType } = await mermaid.parse(text);
    answers.push(diagramType === 'xychart' ? null : `parsed as ${diagramType}`);
  } catch (error) {
    answers.push(String(error.message));
  }
}
console.log(JSON.stringify(answers));
