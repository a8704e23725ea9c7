/** The report of one task's ensemble: what each part brings, against what it costs. */
import { ensembleArchitecture } from '../../../pipeline/deploy/host/index.js';
import type { EnsembleReport, EnsembleSubset } from '../../../pipeline/deploy/index.js';
import { EnsembleModel, isHardVote, memberWeights } from '../../../pipeline/ensemble/index.js';
import {
  type EvaluationReport,
  isLessBetter,
  mainMetrics,
  type Metric,
} from '../../../pipeline/evaluate/index.js';
import type { EnsembleMethod, Model, ShopHistory } from '../../../pipeline/index.js';
import type { CustomTask, TaskName } from '../../../tasks/index.js';
import { measureLatency, requestsOf } from './latency.js';
import { bytesOf, directoryOf, type TaskMember } from './members.js';
import { type OutOfFold, windowEnd } from './out-of-fold.js';
import type { SubsetFigures, TaskEnsemble, TaskEnsemblePlan } from './task-ensemble.js';

export interface ReportedEnsemble {
  readonly task: TaskName;
  /** Definitions of the shop's own tasks that may be meant. */
  readonly customTasks: readonly CustomTask[];
  readonly method: EnsembleMethod;
  readonly history: ShopHistory;
  readonly parts: readonly TaskMember[];
  /** The parts' models, loaded. */
  readonly models: readonly Model[];
  readonly made: TaskEnsemble;
  readonly plan: TaskEnsemblePlan;
  readonly outOfFold: OutOfFold | null;
}

export async function measureReport(ensemble: ReportedEnsemble): Promise<EnsembleReport> {
  const { task, method, parts, made, plan, outOfFold } = ensemble;
  const [metric] = mainMetrics(task, made.onTest.metrics);
  const weights = isHardVote(made.combination) ? null : memberWeights(made.combination);
  return {
    method,
    metric,
    isLessBetter: isLessBetter(metric),
    members: parts.map(({ member, entry }, at) => {
      const place = made.kept.indexOf(at);
      return {
        modelVersionId: member.versionId,
        architecture: entry.architecture,
        family: entry.family,
        isKept: place >= 0,
        weight: place >= 0 && weights ? weights[place] : null,
      };
    }),
    prune: plan.prune,
    outOfFold: outOfFold && {
      by: outOfFold.held ? 'TIME' : 'EXAMPLES',
      cuts: outOfFold.cuts.map((cut) => new Date(cut).toISOString()),
      reason: outOfFold.reason,
    },
    calibration: calibrationOf(made),
    studentVersionId: null,
    subsets: await measureSubsets(ensemble),
  };
}

async function measureSubsets({
  task,
  customTasks,
  method,
  history,
  parts,
  models,
  made,
}: ReportedEnsemble): Promise<EnsembleSubset[]> {
  const [first] = parts;
  const { testCut } = first.held;
  const asked = { task, customTasks, history, cut: testCut, until: windowEnd(testCut, first) };
  const requests = requestsOf(asked);
  const sizes = new Map<string, number>();
  for (const part of parts) sizes.set(directoryOf(part), await bytesOf(directoryOf(part)));
  const rows: EnsembleSubset[] = [];
  for (const subset of made.subsets) {
    const members = subset.members.map((member) => models[member]);
    const model = new EnsembleModel(ensembleArchitecture(method), task, members, subset.combination);
    const latency = await measureLatency(model, requests);
    const directories = new Set(subset.members.map((member) => directoryOf(parts[member])));
    rows.push({
      members: [...subset.members],
      kind: kindOf(subset, parts.length),
      isChosen: subset.members.join() === made.kept.join(),
      validation: figure(subset.validation),
      test: figure(subset.test),
      p50Ms: latency?.p50Ms ?? null,
      p99Ms: latency?.p99Ms ?? null,
      bytes: [...directories].reduce((sum, directory) => sum + (sizes.get(directory) ?? 0), 0),
    });
  }
  return rows;
}

const figure = ({ value, low, high }: Metric) =>
  [value, low, high].every(Number.isFinite) ? { value, low, high } : null;

/** The deciding figure among metrics; null where it is not a number. */
export function figureOf(task: TaskName, metrics: readonly Metric[]): EnsembleSubset['test'] {
  const [name] = mainMetrics(task, metrics);
  const found = metrics.find((metric) => metric.name === name);
  return found ? figure(found) : null;
}

function kindOf({ members }: SubsetFigures, all: number): EnsembleSubset['kind'] {
  if (members.length === all) return 'ALL';
  return members.length === 1 ? 'MEMBER' : 'SUBSET';
}

function calibrationOf({ combination, onValidation, onTest }: TaskEnsemble): EnsembleReport['calibration'] {
  const { calibration } = combination;
  if (!calibration) return null;
  const of = (report: EvaluationReport, name: string) =>
    report.metrics.find((metric) => metric.name === name)?.value ?? null;
  return {
    method: calibration.method,
    temperature: calibration.method === 'TEMPERATURE' ? calibration.temperature : null,
    validationBefore: of(onValidation, 'ECE_UNCALIBRATED'),
    validationAfter: of(onValidation, 'ECE'),
    testBefore: of(onTest, 'ECE_UNCALIBRATED'),
    testAfter: of(onTest, 'ECE'),
  };
}
