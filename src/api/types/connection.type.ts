import { type ClassType, Field, Int, ObjectType } from 'type-graphql';

import { AppError } from '../../errors.js';
import type { Page } from '../../store/index.js';

/** Most rows that one page can have. */
export const MAX_PAGE = 100;
export const DEFAULT_PAGE = 20;

@ObjectType({ description: 'Where a page ends.', simpleResolvers: true })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether there is a next page.' })
  hasNextPage: boolean;

  @Field(() => Boolean, { description: 'Whether there is a page before this one.' })
  hasPreviousPage: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first row.' })
  startCursor: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of the last row: give it as `after` for the next page.',
  })
  endCursor: string | null;
}

export interface Edge<Node> {
  readonly node: Node;
  readonly cursor: string;
}

/** What a connection resolves to; `totalCount` is counted only when a query asks for it. */
export interface Connection<Node> {
  readonly edges: readonly Edge<Node>[];
  readonly pageInfo: PageInfo;
  readonly totalCount: () => Promise<number>;
}

/** The GraphQL types of a Relay connection over a node type. */
export function connectionOf<Node extends object>(name: string, node: () => ClassType<Node>) {
  @ObjectType(`${name}Edge`, { description: `One row of a ${name}Connection.`, simpleResolvers: true })
  class NodeEdge {
    @Field(() => node(), { description: 'The row itself.' })
    node: Node;

    @Field(() => String, { description: 'Opaque position of the row.' })
    cursor: string;
  }

  @ObjectType(`${name}Connection`, { description: `A page of rows of type ${name}.`, simpleResolvers: true })
  class NodeConnection {
    @Field(() => [NodeEdge], { description: 'The rows of this page.' })
    edges: NodeEdge[];

    @Field(() => PageInfo, { description: 'Where the page ends.' })
    pageInfo: PageInfo;

    @Field(() => Int, { description: 'Rows on all pages; counted only when asked for.' })
    totalCount: number;
  }
  return NodeConnection;
}

/** Checks a page's size. @throws AppError BAD_USER_INPUT below 1, LIMIT_EXCEEDED above the most */
export function requirePageSize(first: number | null | undefined, most = MAX_PAGE): number {
  const size = first ?? Math.min(DEFAULT_PAGE, most);
  if (size < 1) throw new AppError('BAD_USER_INPUT', `first must be at least 1; got ${size}.`);
  if (size > most)
    throw new AppError('LIMIT_EXCEEDED', `first may be at most ${most}; got ${size}.`, { limit: most });
  return size;
}

/** A page of the store as a connection. */
export function toConnection<Row, Node>(
  page: Page<Row>,
  after: string | null | undefined,
  toNode: (row: Row) => Node,
  count: () => Promise<number>,
): Connection<Node> {
  const edges = page.rows.map((row) => ({ node: toNode(row), cursor: row.cursor }));
  return {
    edges,
    pageInfo: {
      hasNextPage: page.hasNextPage,
      hasPreviousPage: Boolean(after),
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    totalCount: count,
  };
}
