import { existsSync, readFileSync } from 'node:fs';

import { describe, expect, test } from '@jest/globals';
import { buildSchema, Kind, parse, validate } from 'graphql';

interface DashboardTypes {
  readonly OPERATIONS_FILE: string;
  readonly SCHEMA_FILE: string;
  readonly readOperations: () => { file: string; text: string }[];
  readonly operationTypes: (schemaText: string) => Promise<string>;
}
const script = new URL('../../../scripts/dashboard-types.mjs', import.meta.url).href;
const { OPERATIONS_FILE, SCHEMA_FILE, readOperations, operationTypes } = (await import(
  script
)) as DashboardTypes;
const schemaText = readFileSync(SCHEMA_FILE, 'utf8');
const schema = buildSchema(schemaText);
const operations = readOperations();

describe('documents of the dashboard', () => {
  test('there are some', () => {
    expect(existsSync(SCHEMA_FILE)).toBe(true);
    expect(operations.length).toBeGreaterThan(20);
  });

  test.each(operations)('$file is valid against the schema', ({ text }) => {
    expect(validate(schema, parse(text)).map(({ message }) => message)).toEqual([]);
  });

  test.each(operations)('$file holds one operation, named as the file', ({ file, text }) => {
    const { definitions } = parse(text);
    const [definition] = definitions;
    expect(definitions).toHaveLength(1);
    const name = definition?.kind === Kind.OPERATION_DEFINITION ? definition.name?.value : undefined;
    expect(name?.replace(/(?<=.)[A-Z]/g, (letter) => `-${letter}`).toLowerCase()).toBe(
      file.replace('.graphql', ''),
    );
  });

  test('the written types are those of the schema (else run scripts/dashboard-types.mjs)', async () => {
    expect(readFileSync(OPERATIONS_FILE, 'utf8')).toBe(await operationTypes(schemaText));
  });

  test('a document that asks for an unknown field is refused by name', async () => {
    const withoutPrices = schemaText.replaceAll('  price: Decimal', '  cost: Decimal');
    expect(withoutPrices).not.toBe(schemaText);
    await expect(operationTypes(withoutPrices)).rejects.toThrow(/\.graphql: Cannot query field "price"/);
  });
});
