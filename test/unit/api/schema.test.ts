import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from '@jest/globals';
import { isEnumType, isInputObjectType, isObjectType, parse, validate } from 'graphql';

import { createSchema, emitPersisted, emitSchema } from '../../../src/api/schema.js';
import { PROJECT_ROOT } from '../../../src/root.js';

const GRAPHQL = join(PROJECT_ROOT, 'graphql');
const OPERATIONS = readdirSync(join(GRAPHQL, 'operations'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.graphql'))
  .sort();

describe('what is checked in is what the code says', () => {
  test('graphql/schema.graphql', async () => {
    expect(readFileSync(join(GRAPHQL, 'schema.graphql'), 'utf8')).toBe(await emitSchema());
  });

  test('graphql/persisted.json', () => {
    expect(readFileSync(join(GRAPHQL, 'persisted.json'), 'utf8')).toBe(emitPersisted());
  });

  test.each(OPERATIONS)('operations/%s is valid and has one named operation', async (file) => {
    const document = parse(readFileSync(join(GRAPHQL, 'operations', file), 'utf8'));
    expect(validate(await createSchema(), document).map((error) => error.message)).toEqual([]);
    const named = document.definitions.filter((node) => node.kind === 'OperationDefinition' && node.name);
    expect(named).toHaveLength(1);
  });
});

test('every type, field, argument, input and enum value is described', async () => {
  const bare: string[] = [];
  for (const type of Object.values((await createSchema()).getTypeMap())) {
    const isOurs =
      !type.name.startsWith('__') && !['Boolean', 'Float', 'ID', 'Int', 'String'].includes(type.name);
    if (!isOurs || ['Query', 'Mutation', 'Subscription'].includes(type.name)) continue;
    if (!type.description) bare.push(type.name);
    if (isEnumType(type))
      for (const value of type.getValues()) if (!value.description) bare.push(`${type.name}.${value.name}`);
  }
  for (const type of Object.values((await createSchema()).getTypeMap())) {
    if (type.name.startsWith('__') || !(isObjectType(type) || isInputObjectType(type))) continue;
    for (const field of Object.values(type.getFields())) {
      if (!field.description) bare.push(`${type.name}.${field.name}`);
      for (const argument of 'args' in field ? field.args : []) {
        if (!argument.description) bare.push(`${type.name}.${field.name}(${argument.name})`);
      }
    }
  }
  expect(bare).toEqual([]);
});

/** The contract in SDL: what is promised to outside checks. Fields may be added; none may be renamed or change its type. */
const CONTRACT = `
Query.user(id: ID!): User
Query.users(first: Int, after: String, filter: UserFilter): UserConnection!
Query.item(id: ID!): Item
Query.items(first: Int, after: String, filter: ItemFilter): ItemConnection!
Query.behaviours(first: Int, after: String, filter: BehaviourFilter): BehaviourConnection!
Query.recommendations(userId: ID!, first: Int, filter: ItemFilter, weights: GoalWeights): [Recommendation!]!
Query.similarItems(itemId: ID!, first: Int, filter: ItemFilter): [Recommendation!]!
Query.trendingItems(first: Int, filter: ItemFilter): [Recommendation!]!
Query.fraudAssessment(transaction: TransactionInput!): FraudAssessment!
Query.demandForecast(itemId: ID!, horizonDays: Int): DemandForecast!
Query.trainingRun(id: ID!): TrainingRun
Query.trainingRuns(first: Int, after: String, filter: RunFilter): TrainingRunConnection!
Query.modelVersion(id: ID!): ModelVersion
Query.deployment: Deployment
Query.compareModels(ids: [ID!]!): ModelComparison!
Query.behaviourAnalytics(range: DateRange!): BehaviourAnalytics!
Query.monitoring(range: DateRange!): Monitoring!
User.id: ID!
User.attributes: JSON!
User.behaviours(first: Int, after: String): BehaviourConnection!
User.predictions: UserPredictions
User.recommendations(first: Int): [Recommendation!]!
UserPredictions.purchaseIntent: Prediction!
UserPredictions.churn: Prediction!
Prediction.probability: Float!
Prediction.label: Boolean!
Prediction.threshold: Float!
Prediction.modelVersion: ModelVersion!
Prediction.explanation(first: Int): [FeatureContribution!]!
Recommendation.item: Item!
Recommendation.score: Float!
Recommendation.rank: Int!
Recommendation.reason: RecommendationReason!
Recommendation.impressionId: ID!
TrainingRun.id: ID!
TrainingRun.kind: RunKind!
TrainingRun.status: RunStatus!
TrainingRun.progress: Float!
TrainingRun.tasks: [Task!]!
TrainingRun.config: JSON!
TrainingRun.error: String
TrainingRun.epochs: [EpochMetric!]!
TrainingRun.evaluations: [Evaluation!]!
TrainingRun.modelVersion: ModelVersion
TrainingRun.startedAt: DateTime
TrainingRun.finishedAt: DateTime
EpochMetric.epoch: Int!
EpochMetric.task: Task
EpochMetric.trainLoss: Float!
EpochMetric.validationLoss: Float
Evaluation.task: Task!
Evaluation.split: Split!
Evaluation.loss: Float!
Evaluation.metrics: [Metric!]!
Evaluation.confusionMatrix: ConfusionMatrix
Evaluation.curve(kind: CurveKind!): [Point!]!
Mutation.startTraining(input: StartTrainingInput!): TrainingRun!
Mutation.startEnsemble(input: StartEnsembleInput!): TrainingRun!
Mutation.startCrossValidation(input: CrossValidationInput!): TrainingRun!
Mutation.startSearch(input: SearchInput!): TrainingRun!
Mutation.cancelRun(id: ID!): TrainingRun!
Mutation.deployModel(id: ID!, trafficShare: Float): Deployment!
Mutation.rollbackDeployment: Deployment!
Mutation.upsertUsers(input: [UserInput!]!): IngestResult!
Mutation.upsertItems(input: [ItemInput!]!): IngestResult!
Mutation.recordBehaviours(input: [BehaviourInput!]!): IngestResult!
Mutation.recordTransactions(input: [TransactionInput!]!): IngestResult!
Mutation.recordFeedback(input: [FeedbackInput!]!): IngestResult!
Mutation.eraseUser(id: ID!): ErasureReceipt!
Subscription.runProgress(id: ID!): RunProgress!
Subscription.monitoringAlerts: Alert!
UserInput.attributes: JSON
ItemInput.category: [String!]
ItemInput.price: Decimal
BehaviourInput.eventId: ID!
BehaviourInput.occurredAt: DateTime!
BehaviourInput.quantity: Int
TransactionInput.items: [OrderLineInput!]
TransactionInput.amount: Decimal!
TransactionInput.isFraud: Boolean
`;

const DEFAULTS: Readonly<Record<string, number>> = {
  'Query.recommendations(first)': 10,
  'Query.similarItems(first)': 10,
  'Query.trendingItems(first)': 10,
  'Query.demandForecast(horizonDays)': 14,
  'User.recommendations(first)': 10,
  'Prediction.explanation(first)': 5,
  'Mutation.deployModel(trafficShare)': 1,
};

describe('the contract', () => {
  test.each(CONTRACT.trim().split('\n'))('%s', async (line) => {
    const [, typeName, fieldName, written = '', result] =
      /^(\w+)\.(\w+)(?:\((.*)\))?: (.+)$/.exec(line) ?? [];
    const type = (await createSchema()).getType(typeName);
    if (!isObjectType(type) && !isInputObjectType(type)) throw new Error(`There is no type ${typeName}.`);
    const field = type.getFields()[fieldName];
    // A field that promises more than nullable keeps the promise.
    const said = [String(field.type), String(field.type).replace(/!$/, '')];
    expect(said).toContain(result);
    const found = 'args' in field ? field.args : [];
    for (const argument of written.split(', ').filter(Boolean)) {
      const [name, expected] = argument.split(': ');
      const actual = found.find((one) => one.name === name);
      expect([name, String(actual?.type)]).toEqual([name, expected]);
    }
    const added = found.filter((one) => !written.includes(`${one.name}: `) && String(one.type).endsWith('!'));
    expect(added.filter((one) => one.defaultValue === undefined)).toEqual([]);
  });

  test.each(Object.entries(DEFAULTS))('%s defaults to %s', async (path, value) => {
    const [, typeName, fieldName, name] = /^(\w+)\.(\w+)\((\w+)\)$/.exec(path) ?? [];
    const type = (await createSchema()).getType(typeName);
    if (!isObjectType(type)) throw new Error(`There is no type ${typeName}.`);
    expect(type.getFields()[fieldName].args.find((one) => one.name === name)?.defaultValue).toBe(value);
  });

  test('enums', async () => {
    const schema = await createSchema();
    const values = (name: string) => {
      const type = schema.getType(name);
      return isEnumType(type) ? type.getValues().map((value) => value.name) : [];
    };
    expect(values('Task').sort()).toEqual([
      'CHURN',
      'CUSTOM',
      'DEMAND',
      'FRAUD',
      'NEXT_BEHAVIOUR',
      'PURCHASE_INTENT',
      'RECOMMENDATION',
      'SESSION_OUTCOME',
    ]);
    expect(values('RunStatus').sort()).toEqual(['CANCELLED', 'FAILED', 'QUEUED', 'RUNNING', 'SUCCEEDED']);
    expect(values('CurveKind').sort()).toEqual(['CALIBRATION', 'LIFT', 'PRECISION_RECALL', 'ROC']);
    expect(values('EnsembleMethod').sort()).toEqual([
      'HARD_VOTING',
      'SNAPSHOT',
      'SOFT_VOTING',
      'STACKING',
      'VOTING',
      'WEIGHTED_AVERAGE',
    ]);
    expect(values('RunKind')).toEqual(
      expect.arrayContaining([
        'SINGLE_TASK',
        'MULTI_TASK',
        'COLLABORATIVE',
        'ENSEMBLE',
        'CROSS_VALIDATION',
        'SEARCH',
      ]),
    );
    expect(values('BehaviourType').sort()).toEqual([
      'ADD_TO_CART',
      'FAVOURITE',
      'PURCHASE',
      'RATING',
      'REFUND',
      'REMOVE_FROM_CART',
      'SEARCH',
      'VIEW',
    ]);
  });
});
