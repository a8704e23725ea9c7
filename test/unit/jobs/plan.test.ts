import { describe, expect, test } from '@jest/globals';

import { checkPlan, planRun } from '../../../src/jobs/worker/plan.js';
import type { RunPlan } from '../../../src/pipeline/deploy/index.js';

const single = (
  config: RunPlan['config'],
  tasks: RunPlan['tasks'] = ['PURCHASE_INTENT', 'CHURN'],
): RunPlan => ({
  kind: 'SINGLE_TASK',
  tasks,
  config,
});

describe('the plan of a run', () => {
  test('gives resampling to the models of its task alone, and to no baseline', () => {
    const planned = planRun(single({ resampling: { CHURN: 'SMOTE' }, hyperparameters: { epochs: 2 } }));
    const settingsOf = (name: string, task: string) =>
      planned.find(({ type, tasks }) => type.architecture === name && tasks[0] === task)?.hyperparameters;
    expect(settingsOf('dense', 'CHURN')).toEqual({ epochs: 2, resampling: { CHURN: 'SMOTE' } });
    expect(settingsOf('dense', 'PURCHASE_INTENT')).toEqual({ epochs: 2 });
    expect(settingsOf('recency', 'CHURN')).toEqual({});
    expect(settingsOf('logistic-regression', 'CHURN')).toEqual({});
  });

  test('gives the balance of losses to the models that can follow it', () => {
    const lossBalancing = { method: 'FIXED', weights: { RECOMMENDATION: 0.5 } };
    const planned = planRun({
      kind: 'MULTI_TASK',
      tasks: ['PURCHASE_INTENT', 'CHURN', 'RECOMMENDATION'],
      config: { lossBalancing },
    });
    expect(planned.map(({ type }) => type.architecture)).toEqual(['shared-bottom']);
    expect(planned[0].hyperparameters).toEqual({ lossBalancing });
  });

  test('of a multi-task run without settings has all its models', () => {
    const planned = planRun({ kind: 'MULTI_TASK', tasks: ['PURCHASE_INTENT', 'CHURN'], config: {} });
    expect(planned.length).toBeGreaterThan(1);
    expect(
      planned.every(
        ({ type, hyperparameters }) => type.family === 'MULTI' && Object.keys(hyperparameters).length === 0,
      ),
    ).toBe(true);
  });

  test.each<[string, RunPlan, RegExp]>([
    ['a value out of range', single({ hyperparameters: { dropout: 2 } }), /dense: .*dropout/],
    ['a name that no model knows', single({ hyperparameters: { dropuot: 0.2 } }), /dropuot/],
    ['an unknown resampling', single({ resampling: { CHURN: 'MAGIC' } }), /resampling/],
    ['an unknown architecture', single({ architecture: 'oracle' }), /expected one of .*dense.*got "oracle"/],
    [
      'a balance that no model knows',
      {
        kind: 'MULTI_TASK',
        tasks: ['PURCHASE_INTENT', 'CHURN'],
        config: { lossBalancing: { method: 'MAGIC' } },
      },
      /lossBalancing/,
    ],
    [
      'a family of another kind',
      { kind: 'MULTI_TASK', tasks: ['PURCHASE_INTENT', 'CHURN'], config: { architecture: 'dense' } },
      /expected one of .*shared-bottom.*got "dense"/,
    ],
    [
      'an unknown collaboration',
      { kind: 'COLLABORATIVE', tasks: ['PURCHASE_INTENT', 'CHURN'], config: { collaboration: 'TELEPATHY' } },
      /collaboration: expected .*got "TELEPATHY"/,
    ],
    [
      'one impossible value among those to search',
      {
        kind: 'SEARCH',
        tasks: ['CHURN'],
        config: {
          architecture: 'dense',
          parameters: [{ name: 'dropout', type: 'CHOICE', values: [0.1, 7] }],
        },
      },
      /dropout/,
    ],
  ])('%s is refused before anything is trained', (_what, plan, message) => {
    expect(() => checkPlan(plan)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', message: expect.stringMatching(message) as unknown }),
    );
  });
});
