/** Ensemble runs: member versions' predictors combined task by task, weighed on validation, measured on test. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { AppError } from '../../errors.js';
import { ensembleArchitecture, modelType } from '../../pipeline/deploy/host/index.js';
import { type Manifest, type PredictorEntry, readManifest } from '../../pipeline/deploy/index.js';
import {
  type Combination,
  combineProbabilities,
  combineScores,
  type EnsembleMethod,
  EnsembleModel,
  stackingWeights,
  weightsByAuc,
  weightsByNdcg,
} from '../../pipeline/ensemble/index.js';
import { DAY_MS, type ShopHistory } from '../../pipeline/index.js';
import type { EvaluationRow, ModelVersionRow } from '../../store/index.js';
import { TASK_DEFINITIONS, type TaskName, TASKS } from '../../tasks/index.js';
import { commitVersion } from './commit-version.js';
import { type TaskExamples, taskExamples } from './examples.js';
import { type HeldPredictions, loadPredictions, savePredictions } from './predictions.js';
import type { RunContext } from './run-context.js';

interface Member {
  readonly root: string;
  readonly manifest: Manifest;
}

interface TaskMember {
  readonly member: Member;
  readonly entry: PredictorEntry;
  readonly held: HeldPredictions;
}

type NewEvaluation = Omit<EvaluationRow, 'id' | 'runId' | 'modelVersionId'>;

/** Carries out an ENSEMBLE run. */
export async function combine(context: RunContext): Promise<ModelVersionRow> {
  const { run, shop, files } = context;
  const method = run.config.method as EnsembleMethod;
  context.report(0.02, 'reading the members');
  const members = await openMembers(context, run.config.members as string[]);
  const history = await shop.readHistory();
  const root = await files.stage();
  const tasks: Partial<Record<TaskName, PredictorEntry>> = {};
  const evaluations: NewEvaluation[] = [];
  const wanted = TASKS.filter((task) => members.some(({ manifest }) => manifest.tasks[task]));
  for (const [index, task] of wanted.entries()) {
    context.signal.throwIfAborted();
    context.report(0.1 + (0.85 * index) / wanted.length, `combining ${task}`);
    const result = await combineTask(context, task, method, members, history, root);
    tasks[task] = result.entry;
    evaluations.push(...result.evaluations);
  }
  return commitVersion(context, {
    root,
    cut: Math.min(...members.map(({ manifest }) => Date.parse(manifest.cut))),
    architecture: ensembleArchitecture(method),
    tasks,
    history,
    evaluations,
  });
}

async function openMembers(context: RunContext, ids: readonly string[]): Promise<Member[]> {
  const versions = await context.shop.modelVersionsByIds(ids);
  return Promise.all(
    versions.map(async (version, at) => {
      if (!version) throw new AppError('NOT_FOUND', `There is no model version ${ids[at]}.`);
      const root = await context.files.open(version.contentHash);
      return { root, manifest: await readManifest(root) };
    }),
  );
}

async function combineTask(
  context: RunContext,
  task: TaskName,
  method: EnsembleMethod,
  members: readonly Member[],
  history: ShopHistory,
  root: string,
): Promise<{ entry: PredictorEntry; evaluations: NewEvaluation[] }> {
  const parts: TaskMember[] = [];
  for (const member of members) {
    const entry = member.manifest.tasks[task];
    if (entry) parts.push({ member, entry, held: await loadPredictions(member.root, task) });
  }
  checkCuts(task, parts);
  const [{ held }] = parts;
  const until = (cut: number) =>
    cut + (held.testCut - held.validationCut || TASK_DEFINITIONS[task].labelWindowDays * DAY_MS);
  const validation = taskExamples(task, history, held.validationCut, until(held.validationCut));
  const test = taskExamples(task, history, held.testCut, until(held.testCut));
  checkSizes(task, parts, validation, test);
  const combination = weigh(method, parts, validation);
  const merged = (split: 'validation' | 'test', items: number) =>
    merge(
      parts.map((part) => part.held[split]),
      combination,
      items,
    );
  const predictions = {
    validation: merged('validation', validation.items),
    test: merged('test', test.items),
  };
  const { seed } = context.run;
  const onValidation = validation.evaluate(
    predictions.validation,
    TASK_DEFINITIONS[task].threshold ?? 0.5,
    seed,
  );
  const threshold = onValidation.confusionMatrix?.threshold ?? 0.5;
  const onTest = test.evaluate(predictions.test, threshold, seed);
  const architecture = ensembleArchitecture(method);
  const directory = `${architecture}-${task.toLowerCase()}`;
  await saveEnsemble(join(root, directory), architecture, task, parts, combination);
  await savePredictions(root, task, { ...held, ...predictions });
  const row = { family: 'ENSEMBLE', architecture, task, isServed: true };
  return {
    entry: { architecture, family: 'ENSEMBLE', directory, threshold },
    evaluations: [
      { ...row, split: 'VALIDATION', protocol: validation.protocol, ...onValidation },
      { ...row, split: 'TEST', protocol: test.protocol, ...onTest },
    ],
  };
}

function weigh(method: EnsembleMethod, parts: readonly TaskMember[], validation: TaskExamples): Combination {
  const thresholds = parts.map((part) => part.entry.threshold);
  const even = parts.map(() => 1 / parts.length);
  const predictions = parts.map((part) => part.held.validation);
  if (parts.length === 1) return { method: 'WEIGHTED_AVERAGE', weights: even, thresholds };
  if (method === 'VOTING') return { method, weights: even, thresholds };
  if (validation.labels && method === 'STACKING') {
    return { method, weights: stackingWeights(validation.labels, predictions), thresholds };
  }
  const weights = validation.labels
    ? weightsByAuc(validation.labels, predictions)
    : validation.targets
      ? weightsByNdcg(validation.targets, predictions, validation.items)
      : even;
  // A ranking or a forecast has no label to stack on: there stacking is the weighted average.
  return { method: 'WEIGHTED_AVERAGE', weights, thresholds };
}

function merge(predictions: readonly Float32Array[], combination: Combination, items: number): Float32Array {
  if (predictions.length === 1) return predictions[0];
  if (items > 0) return combineScores(predictions, items, combination);
  const isProbability = predictions.every((part) => part.every((value) => value >= 0 && value <= 1));
  if (isProbability) return combineProbabilities(predictions, combination);
  return predictions[0].map((_, at) =>
    predictions.reduce((sum, part, member) => sum + combination.weights[member] * part[at], 0),
  );
}

async function saveEnsemble(
  directory: string,
  architecture: string,
  task: TaskName,
  parts: readonly TaskMember[],
  combination: Combination,
): Promise<void> {
  const models = await Promise.all(
    parts.map(({ member, entry }) => modelType(entry.architecture).load(join(member.root, entry.directory))),
  );
  const ensemble = new EnsembleModel(architecture, task, models, combination);
  try {
    await mkdir(directory);
    await ensemble.save(directory);
  } finally {
    ensemble.dispose();
  }
}

function checkCuts(task: TaskName, parts: readonly TaskMember[]): void {
  const [{ held }] = parts;
  const differs = parts.some(
    (part) => part.held.validationCut !== held.validationCut || part.held.testCut !== held.testCut,
  );
  if (!differs) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `The members learnt ${task} with different cuts. Combine versions trained on the same data.`,
  );
}

function checkSizes(
  task: TaskName,
  parts: readonly TaskMember[],
  validation: TaskExamples,
  test: TaskExamples,
): void {
  const size = (examples: TaskExamples, length: number) => length % examples.count === 0;
  const fits = parts.every(
    ({ held }) => size(validation, held.validation.length) && size(test, held.test.length),
  );
  const alike = parts.every(
    ({ held }) =>
      held.validation.length === parts[0].held.validation.length &&
      held.test.length === parts[0].held.test.length,
  );
  if (fits && alike) return;
  throw new AppError(
    'CONFLICT',
    `The shop's data before the cuts of ${task} changed since the members were trained. Train them again.`,
  );
}
