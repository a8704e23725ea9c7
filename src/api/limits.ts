/** What one operation may ask for at most; checked before anything is resolved. */
import {
  type DocumentNode,
  type FragmentDefinitionNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import {
  type ComplexityEstimator,
  type ComplexityEstimatorArgs,
  getComplexity,
} from 'graphql-query-complexity';

import { AppError } from '../errors.js';
import { DEFAULT_PAGE, MAX_PAGE } from './types/connection.type.js';

/** A page of 100 users with predictions, explanations and ten recommendations each costs about 9,000. */
export const MAX_COST = 20_000;
/** The deepest field of the dashboard is at 7; introspection, which goes deeper, is limited by graphql-js itself. */
export const MAX_DEPTH = 12;
export const MAX_ALIASES = 50;
/** Batches belong into variables; a document of the dashboards has some hundred tokens. */
export const MAX_TOKENS = 4000;
/** Selections visited while the cost is counted: guards against fragments that spread fragments that spread … */
const MAX_NODES = 10_000;

/** Fields that ask a model or aggregate many rows, and what they cost beside what they return. */
const FIELD_COSTS: Readonly<Record<string, number>> = {
  purchaseIntent: 5,
  churn: 5,
  explanation: 10,
  session: 5,
  openSession: 5,
  sessions: 5,
  nextBehaviour: 5,
  outcome: 5,
  recommendations: 10,
  similarItems: 10,
  trendingItems: 10,
  fraudAssessment: 20,
  demandForecast: 20,
  totalCount: 20,
  behaviourAnalytics: 500,
  monitoring: 200,
  compareModels: 50,
  crossValidation: 50,
  guessImport: 100,
  quarantineCounts: 50,
};

/** A field with `first` costs its children that many times; everything else its children once. */
const estimator: ComplexityEstimator = ({ field, args, childComplexity }: ComplexityEstimatorArgs) => {
  const own = FIELD_COSTS[field.name] ?? 1;
  const firstArgument = field.args.find((argument) => argument.name === 'first');
  if (!firstArgument) return own + childComplexity;
  const asked: unknown = args.first ?? firstArgument.defaultValue;
  const first = typeof asked === 'number' ? Math.min(Math.max(asked, 1), MAX_PAGE) : DEFAULT_PAGE;
  return own + first * childComplexity;
};

/**
 * @returns the operation's cost
 * @throws AppError LIMIT_EXCEEDED that names the limit, what is allowed and what was asked
 */
export function checkLimits(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): number {
  const depth = depthOf(document, operation);
  if (depth > MAX_DEPTH) refuse('Depth', MAX_DEPTH, depth);
  const aliases = countAliases(document);
  if (aliases > MAX_ALIASES) refuse('Number of aliases', MAX_ALIASES, aliases);
  let cost: number;
  try {
    cost = getComplexity({
      schema,
      query: document,
      operationName: operation.name?.value,
      variables: { ...variables },
      estimators: [estimator],
      maxQueryNodes: MAX_NODES,
    });
  } catch (thrown) {
    throw new AppError('LIMIT_EXCEEDED', (thrown as Error).message, {}, { cause: thrown });
  }
  if (cost > MAX_COST) refuse('Cost', MAX_COST, cost);
  return cost;
}

function refuse(what: string, limit: number, asked: number): never {
  throw new AppError('LIMIT_EXCEEDED', `${what} of the operation is ${asked}; at most ${limit} is allowed.`, {
    limit,
    asked,
  });
}

function countAliases(document: DocumentNode): number {
  let aliases = 0;
  visit(document, {
    Field: (node) => {
      if (node.alias) aliases++;
    },
  });
  return aliases;
}

/** Levels of fields; introspection counts nothing. Each fragment is measured once. */
function depthOf(document: DocumentNode, operation: OperationDefinitionNode): number {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const node of document.definitions) {
    if (node.kind === Kind.FRAGMENT_DEFINITION) fragments.set(node.name.value, node);
  }
  const known = new Map<string, number>();
  const depth = (selectionSet: SelectionSetNode): number => {
    let deepest = 0;
    for (const selection of selectionSet.selections) {
      let below: number;
      if (selection.kind === Kind.FIELD) {
        if (selection.name.value.startsWith('__')) continue;
        below = 1 + (selection.selectionSet ? depth(selection.selectionSet) : 0);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        below = depth(selection.selectionSet);
      } else {
        below = fragmentDepth(selection.name.value);
      }
      deepest = Math.max(deepest, below);
    }
    return deepest;
  };
  const fragmentDepth = (name: string): number => {
    const measured = known.get(name);
    if (measured !== undefined) return measured;
    known.set(name, 0); // Fragments that spread themselves are refused by validation; this only keeps the recursion finite.
    const fragment = fragments.get(name);
    const measuredNow = fragment ? depth(fragment.selectionSet) : 0;
    known.set(name, measuredNow);
    return measuredNow;
  };
  return depth(operation.selectionSet);
}
