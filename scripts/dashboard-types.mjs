// Writes src/dashboard/api/operations.ts: every document of graphql/operations/admin-dashboard with the types of its variables and
// its answer, derived from graphql/schema.graphql. `node scripts/dashboard-types.mjs [schema file]`; a unit test holds it up to date.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  buildSchema,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
  parse,
  typeFromAST,
  validate,
} from 'graphql';
import prettier from 'prettier';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const OPERATIONS = join(ROOT, 'graphql', 'operations', 'admin-dashboard');
export const OPERATIONS_FILE = join(ROOT, 'src', 'dashboard', 'api', 'operations.ts');
export const SCHEMA_FILE = join(ROOT, 'graphql', 'schema.graphql');
const SCALARS = { Int: 'number', Float: 'number', Boolean: 'boolean', JSON: 'Json', JSONObject: 'Json' };

/** @returns the documents by file name without its ending */
export function readOperations() {
  return readdirSync(OPERATIONS)
    .filter((name) => name.endsWith('.graphql'))
    .map((name) => name.slice(0, -'.graphql'.length))
    .sort() // Without the ending, which is the order that the linter asks of imports.
    .map((name) => `${name}.graphql`)
    .map((file) => ({ file, text: readFileSync(join(OPERATIONS, file), 'utf8') }));
}

/** Collects the enums and inputs that the operations mention, so that only those are written. */
class Types {
  named = new Map();

  input(type) {
    if (isNonNullType(type)) return this.nonNullInput(type.ofType);
    return `${this.nonNullInput(type)} | null`;
  }

  nonNullInput(type) {
    if (isListType(type)) return `readonly (${this.input(type.ofType)})[]`;
    if (isScalarType(type)) return SCALARS[type.name] ?? 'string';
    if (isEnumType(type)) return this.enum(type);
    if (isInputObjectType(type) && !this.named.has(type.name)) {
      this.named.set(type.name, ''); // Reserved first: an input may hold itself.
      const fields = Object.values(type.getFields()).map((field) =>
        this.variable(field.name, field.type, field),
      );
      this.named.set(type.name, `export interface ${type.name} {\n${fields.join('\n')}\n}`);
    }
    return type.name;
  }

  variable(name, type, { defaultValue }) {
    const isOptional = !isNonNullType(type) || defaultValue !== undefined;
    return `readonly ${name}${isOptional ? '?' : ''}: ${this.input(type)};`;
  }

  enum(type) {
    const values = type.getValues().map((value) => `'${value.name}'`);
    this.named.set(type.name, `export type ${type.name} = ${values.join(' | ')};`);
    return type.name;
  }

  output(type, selectionSet) {
    if (isNonNullType(type)) return this.nonNullOutput(type.ofType, selectionSet);
    return `${this.nonNullOutput(type, selectionSet)} | null`;
  }

  nonNullOutput(type, selectionSet) {
    if (isListType(type)) return `readonly (${this.output(type.ofType, selectionSet)})[]`;
    if (isScalarType(type)) return SCALARS[type.name] ?? 'string';
    if (isEnumType(type)) return this.enum(type);
    const fields = selectionSet.selections.map((selection) => {
      if (selection.kind !== 'Field') throw new Error('Documents of the dashboard hold no fragments.');
      const field = type.getFields()[selection.name.value];
      return `readonly ${(selection.alias ?? selection.name).value}: ${this.output(field.type, selection.selectionSet)};`;
    });
    return `{ ${fields.join(' ')} }`;
  }
}

/**
 * @param schemaText SDL
 * @returns the TypeScript text of src/dashboard/api/operations.ts
 * @throws Error that names the document and what the schema does not have
 */
export async function operationTypes(schemaText) {
  const schema = buildSchema(schemaText);
  const types = new Types();
  const imports = [];
  const exports = [];
  for (const { file, text } of readOperations()) {
    const document = parse(text);
    const errors = validate(schema, document);
    if (errors.length > 0) throw new Error(`${file}: ${errors.map((error) => error.message).join(' ')}`);
    const [operation] = document.definitions;
    const name = operation.name.value;
    const local = name[0].toLowerCase() + name.slice(1);
    const constant = name.replace(/(?<=.)([A-Z])/g, '_$1').toUpperCase();
    const root = schema.getRootType(operation.operation);
    const variables = (operation.variableDefinitions ?? []).map((definition) =>
      types.variable(definition.variable.name.value, typeFromAST(schema, definition.type), {}),
    );
    imports.push(`import ${local} from '../../../graphql/operations/admin-dashboard/${file}?raw';`);
    exports.push(`export type ${name}Data = ${types.nonNullOutput(root, operation.selectionSet)};`);
    exports.push(
      `export type ${name}Variables = ${variables.length > 0 ? `{ ${variables.join(' ')} }` : 'Record<string, never>'};`,
    );
    exports.push(`export const ${constant} = operation<${name}Data, ${name}Variables>('${name}', ${local});`);
  }
  const source = `
/* eslint-disable max-lines -- Written by scripts/dashboard-types.mjs from graphql/; never edited by hand. */
${imports.join('\n')}
import { type Json, operation } from './operation.js';

${[...types.named.entries()]
  .sort(([a], [b]) => a.localeCompare(b))
  .map(([, text]) => text)
  .join('\n')}

${exports.join('\n')}
`;
  const config = await prettier.resolveConfig(OPERATIONS_FILE);
  return prettier.format(source, { ...config, parser: 'typescript' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(OPERATIONS_FILE, await operationTypes(readFileSync(process.argv[2] ?? SCHEMA_FILE, 'utf8')));
}
