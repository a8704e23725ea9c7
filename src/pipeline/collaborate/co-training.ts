import type * as Tensorflow from '@tensorflow/tfjs';

import { tooFewData } from '../../errors.js';
import { sigmoidCrossEntropies, tf, weightedMean } from '../../nn/index.js';
import type { TaskName } from '../../tasks/index.js';
import type { FitContext, TrainingData } from '../index.js';
import {
  type Collaboration,
  type EntityExamples,
  type ExampleColumn,
  examplesOf,
  fitLearners,
  type Learner,
} from '../multi-task/index.js';
import { answersOf, byTask } from './by-task.js';
import { partContext } from './part-context.js';
import {
  labelColumn,
  labelSurest,
  noPseudoLabels,
  pseudoColumns,
  type PseudoLabels,
  viewLogits,
  weightColumn,
} from './pseudo-labels.js';
import type { CoTrainingSettings } from './settings.js';
import { throughView } from './views.js';

/** Examples without a label that make co-training worth its while. */
const LEAST_UNLABELLED = 20;
const VIEWS = [0, 1] as const;

/** What is known of one task in the course of the rounds. */
interface TaskState {
  readonly task: TaskName;
  readonly part: number;
  readonly isUnlabelled: Uint8Array;
  /** Share of yes among the known labels. */
  readonly rate: number;
  /** By view: labels that the other gave it. */
  readonly given: readonly PseudoLabels[];
}

/**
 * Co-training (Blum and Mitchell, COLT 1998): two nets, each of a view of its own on the features, are fitted on the labels; each then labels
 * what it is surest of among the examples without a label, for the other; and so on for some rounds. A net of all features, fitted on the labels
 * and on what the views agreed to label, is what answers.
 *
 * @throws AppError TOO_FEW_DATA where nearly every example has its label
 */
export async function coTrain(
  newLearner: () => Learner,
  settings: CoTrainingSettings,
  data: TrainingData,
  context: FitContext,
): Promise<Learner> {
  const { rounds, views } = settings;
  const share = (at: number) => at / (rounds + 1);
  let states: TaskState[] | null = null;
  for (let round = 0; round < rounds; round++) {
    const learners = VIEWS.map(newLearner);
    const gathered: { examples: readonly EntityExamples[] } = { examples: [] };
    const labelled = withPseudoLabels(settings, (learner, examples) => {
      gathered.examples = examples;
      return (states ??= startStates(learner, examples));
    });
    const collaboration: Collaboration = {
      ...labelled,
      see: (inputs, view) => throughView(inputs, view, views),
    };
    const name = `round-${round + 1}`;
    await fitLearners(learners, data, partContext(context, name, share(round), share(round + 1)), {
      name,
      collaboration,
    });
    for (const state of states ?? []) labelForEachOther(learners, state, gathered.examples, settings);
    for (const learner of learners) learner.dispose();
  }
  const whole = newLearner();
  const collaboration = withPseudoLabels(settings, () =>
    (states ?? []).map((state) => ({ ...state, given: [agreed(state.given)] })),
  );
  await fitLearners([whole], data, partContext(context, 'co-training', share(rounds), 1), {
    name: 'whole',
    collaboration,
  });
  return whole;
}

interface Given {
  readonly task: TaskName;
  readonly part: number;
  /** By learner. */
  readonly given: readonly PseudoLabels[];
}

function withPseudoLabels(
  { strength }: CoTrainingSettings,
  given: (learner: Learner, examples: readonly EntityExamples[]) => readonly Given[],
): Collaboration {
  return {
    gathering: { unlabelled: 'NEEDED' },
    // eslint-disable-next-line @typescript-eslint/require-await -- the contract is asynchronous
    columns: async (learner, examples) => {
      const all = given(learner, examples);
      return learner.all.map((_, at) => {
        const columns: Record<string, ExampleColumn> = {};
        for (const { task, given: own } of all.filter(({ part }) => part === at))
          own.forEach((labels, view) => Object.assign(columns, pseudoColumns(task, view, labels)));
        return columns;
      });
    },
    losses: (passes, batch) => ({
      tasks: passes.map((pass, at) =>
        byTask(pass, (loss, task, part) => {
          const [{ values }] = answersOf(pass.parts[part], batch, task);
          const labels = examplesOf(batch[labelColumn(task, at)]);
          const weights = examplesOf(batch[weightColumn(task, at)]);
          const pseudo = weightedMean(sigmoidCrossEntropies(labels, values), weights);
          return tf.add<Tensorflow.Scalar>(loss, tf.mul(pseudo, tf.scalar(strength)));
        }),
      ),
    }),
  };
}

function startStates(learner: Learner, examples: readonly EntityExamples[]): TaskState[] {
  return learner.all.flatMap((part, at) =>
    part.tasks.map((task) => {
      const labels = part.labels(task) ?? new Float32Array(examples[at].count);
      const isUnlabelled = Uint8Array.from(labels, (label) => (Number.isNaN(label) ? 1 : 0));
      const have = isUnlabelled.reduce((sum, open) => sum + open, 0);
      if (have < LEAST_UNLABELLED)
        throw tooFewData(
          `Examples of ${task} without a label, which co-training learns from`,
          have,
          LEAST_UNLABELLED,
        );
      const yes = labels.reduce((sum, label) => sum + (label === 1 ? 1 : 0), 0);
      const given = VIEWS.map(() => noPseudoLabels(labels.length));
      return { task, part: at, isUnlabelled, rate: yes / (labels.length - have), given };
    }),
  );
}

function labelForEachOther(
  learners: readonly Learner[],
  { task, part, isUnlabelled, rate, given }: TaskState,
  examples: readonly EntityExamples[],
  { perRound, views }: CoTrainingSettings,
): void {
  const all = isUnlabelled.reduce((sum, open) => sum + open, 0);
  const take = Math.ceil(perRound * all);
  const chosen = VIEWS.map((view) => {
    const logits = viewLogits(learners[view], { part, task, examples: examples[part] }, view, views);
    const { weights } = given[1 - view];
    const isOpen = isUnlabelled.map((open, row) => (open === 1 && weights[row] === 0 ? 1 : 0));
    return labelSurest(logits, isOpen, { take, rate });
  });
  for (const view of VIEWS) {
    const { labels, weights } = given[1 - view];
    for (const { row, label } of chosen[view]) {
      labels[row] = label;
      weights[row] = 1;
    }
  }
}

/** What both views labelled, but for what they labelled differently. */
function agreed([first, second]: readonly PseudoLabels[]): PseudoLabels {
  const labels = first.labels.map((label, row) => Math.max(label, second.labels[row]));
  const weights = first.weights.map((weight, row) => {
    const isDisputed = weight > 0 && second.weights[row] > 0 && first.labels[row] !== second.labels[row];
    return isDisputed ? 0 : Math.max(weight, second.weights[row]);
  });
  return { labels, weights };
}
