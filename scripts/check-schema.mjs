// Whether graphql/schema.graphql and graphql/persisted.json are what the code in dist/ says; `--write` makes them so.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const { emitPersisted, emitSchema } = await import(join(ROOT, 'dist', 'src', 'api', 'schema.js'));
const isWriting = process.argv.includes('--write');

const emitted = { 'schema.graphql': await emitSchema(), 'persisted.json': emitPersisted() };
for (const [name, text] of Object.entries(emitted)) {
  const path = join(ROOT, 'graphql', name);
  if (isWriting) writeFileSync(path, text);
  else if (read(path) !== text) {
    console.error(`graphql/${name} is not what the code says: run npm run check -- --fix.`);
    process.exitCode = 1;
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
