import { describe, expect, test } from '@jest/globals';

import {
  calibrationAlerts,
  clickThroughAlerts,
  driftAlerts,
  type FeatureDrift,
  type LiveQuality,
  qualityAlerts,
  serviceAlerts,
} from '../../../../src/pipeline/monitor/index.js';
import type { EvaluationRow, MetricValue } from '../../../../src/store/index.js';

const feature = (name: string, psi: number, chance = 0.01): FeatureDrift => ({
  entity: 'USER',
  feature: name,
  description: `the ${name}`,
  psi,
  chance,
  reference: 1000,
  current: 1000,
});
const metric = (name: string, value: number, spread = 0.01): MetricValue => ({
  name,
  value,
  low: value - spread,
  high: value + spread,
});
const live = (task: LiveQuality['task'], ...metrics: MetricValue[]): LiveQuality => ({
  task,
  modelVersionId: 'v1',
  asOf: new Date(0),
  examples: 500,
  metrics,
  calibration: [],
});
const tested = (
  task: EvaluationRow['task'],
  metrics: MetricValue[],
  change: Partial<EvaluationRow> = {},
): EvaluationRow => ({
  id: 'e',
  runId: 'r',
  modelVersionId: 'v1',
  family: 'SINGLE',
  architecture: 'dense',
  isServed: true,
  task,
  split: 'TEST',
  protocol: '',
  examples: 500,
  loss: 0.5,
  metrics,
  confusionMatrix: null,
  curves: {},
  ...change,
});

describe('drift', () => {
  test('names the worst feature; many of them are critical; a calm shop says nothing', () => {
    expect(driftAlerts([feature('recency', 0.1), feature('spend', 0.05)])).toEqual([]);
    const calm = ['a', 'b', 'c', 'd'].map((name) => feature(name, 0.02));
    const [one] = driftAlerts([...calm, feature('recency', 0.3)]);
    expect(one).toMatchObject({ kind: 'DRIFT', severity: 'WARNING', value: 0.3, threshold: 0.2 });
    expect(one.message).toContain('1 of 5');
    expect(one.message).toContain('the recency');
    const [many] = driftAlerts([feature('recency', 0.3), feature('spend', 0.9), feature('hour', 0)]);
    expect(many).toMatchObject({ severity: 'CRITICAL', value: 0.9 });
  });

  test('leaves out what few examples explain', () => {
    expect(driftAlerts([feature('recency', 0.3, 0.5)])).toEqual([]);
  });
});

describe('calibration', () => {
  test('asks for the whole interval above the limit', () => {
    expect(calibrationAlerts([live('CHURN', metric('ECE', 0.055))], [])).toEqual([]);
    expect(calibrationAlerts([live('CHURN', metric('ECE', 0.08))], [])).toMatchObject([
      { kind: 'CALIBRATION', severity: 'WARNING', value: 0.08, threshold: 0.05 },
    ]);
    expect(calibrationAlerts([live('CHURN', metric('ECE', 0.2))], [])).toMatchObject([
      { severity: 'CRITICAL' },
    ]);
  });

  test('does not blame a model for what its test already said', () => {
    const tests = [tested('CHURN', [metric('ECE', 0.09)])];
    expect(calibrationAlerts([live('CHURN', metric('ECE', 0.08))], tests)).toEqual([]);
  });
});

describe('quality', () => {
  const tests = [
    tested('PURCHASE_INTENT', [metric('AUC', 0.75)]),
    tested('PURCHASE_INTENT', [metric('AUC', 0.66)], { family: 'BASELINE', isServed: false }),
    tested('DEMAND', [metric('WAPE', 0.6)]),
  ];

  test('warns below the test period’s interval, and is critical at the baseline’s level', () => {
    expect(qualityAlerts([live('PURCHASE_INTENT', metric('AUC', 0.735))], tests)).toEqual([]);
    expect(qualityAlerts([live('PURCHASE_INTENT', metric('AUC', 0.7))], tests)).toMatchObject([
      { kind: 'QUALITY', severity: 'WARNING', value: 0.7 },
    ]);
    expect(qualityAlerts([live('PURCHASE_INTENT', metric('AUC', 0.65))], tests)).toMatchObject([
      { severity: 'CRITICAL' },
    ]);
  });

  test('knows that less error is better', () => {
    expect(qualityAlerts([live('DEMAND', metric('WAPE', 0.5))], tests)).toEqual([]);
    expect(qualityAlerts([live('DEMAND', metric('WAPE', 0.7))], tests)).toHaveLength(1);
  });

  test('compares a version with its own test only', () => {
    const other = { ...live('PURCHASE_INTENT', metric('AUC', 0.5)), modelVersionId: 'v2' };
    expect(qualityAlerts([other], tests)).toEqual([]);
  });
});

test('click-through: a loss that chance does not explain', () => {
  const before = { shown: 10_000, clicked: 500 };
  expect(clickThroughAlerts(before, { shown: 5000, clicked: 150 })).toMatchObject([
    { kind: 'CLICK_THROUGH', value: 0.03 },
  ]);
  expect(clickThroughAlerts(before, { shown: 5000, clicked: 245 })).toEqual([]);
  expect(clickThroughAlerts(before, { shown: 120, clicked: 4 })).toEqual([]);
  expect(clickThroughAlerts(before, { shown: 20, clicked: 0 })).toEqual([]);
});

test('service: slow operations and internal errors, once there is enough to judge by', () => {
  const fast = { operation: 'User', count: 500, p95Ms: 20 };
  const slow = { operation: 'Overview', count: 200, p95Ms: 2500 };
  expect(serviceAlerts([fast], [{ code: 'NOT_FOUND', count: 300 }])).toEqual([]);
  expect(serviceAlerts([fast, slow], [])).toMatchObject([{ kind: 'LATENCY', value: 2500, threshold: 1000 }]);
  expect(serviceAlerts([{ ...slow, count: 5 }], [{ code: 'INTERNAL', count: 5 }])).toEqual([]);
  expect(serviceAlerts([fast], [{ code: 'INTERNAL', count: 10 }])).toMatchObject([
    { kind: 'ERRORS', severity: 'CRITICAL', value: 0.02 },
  ]);
});
