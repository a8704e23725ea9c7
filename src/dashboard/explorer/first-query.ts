import { parse, print } from 'graphql';

/**
 * The first GraphQL example of a text in Markdown, laid out a field a line.
 *
 * @throws Error when there is none, so that the explorer's build fails rather than its first tab stays empty
 */
export function firstQuery(markdown: string): string {
  const block = /^ *```graphql\n([\s\S]*?)^ *```/m.exec(markdown);
  if (!block) throw new Error('The README has no GraphQL example.');
  return print(parse(block[1] ?? ''));
}
