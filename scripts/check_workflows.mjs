// GitHub's own parser of workflows, the one behind its editor: names, keys, events and expressions.
// usage: node check_workflows.mjs NODE_MODULES FILE...   Prints what is wrong; exit code 1 when anything is.
import fs from 'node:fs';
import {createRequire, register} from 'node:module';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

const [modules, ...files] = process.argv.slice(2);
// The parser imports its JSON files in a way that newer Node no longer takes.
const hook = `import fs from 'node:fs';
export const load = (url, context, next) => url.endsWith('.json')
  ? {format: 'module', shortCircuit: true, source: 'export default ' + fs.readFileSync(new URL(url), 'utf8')}
  : next(url, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

const {validate} = await import(pathToFileURL(`${path.resolve(modules)}/@actions/languageservice/dist/index.js`).href);
const {TextDocument} = createRequire(`${path.resolve(modules)}/`)('vscode-languageserver-textdocument');

let wrong = 0;
for (const file of files) {
  const uri = pathToFileURL(path.resolve(file)).href;
  for (const found of await validate(TextDocument.create(uri, 'yaml', 0, fs.readFileSync(file, 'utf8')), {})) {
    wrong += 1;
    console.log(`${file}:${found.range.start.line + 1}:${found.range.start.character + 1} ${found.message}`);
  }
}
process.exit(wrong ? 1 : 0);
