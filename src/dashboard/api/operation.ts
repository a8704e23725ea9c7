export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A named GraphQL document, with the types of what it takes and what it answers. */
export interface Operation<Data, Variables> {
  readonly name: string;
  readonly text: string;
  /** Never set: carries the types. */
  readonly types?: (variables: Variables) => Data;
}

/** Ties a document's text to its types. */
export function operation<Data, Variables>(name: string, text: string): Operation<Data, Variables> {
  return { name, text };
}
