import { definedMetrics } from '../pipeline/evaluate/index.js';
import type { Loaders } from './loaders.js';
import type { CalibrationReport } from './types/monitoring.type.js';
import { taskFields } from './types/task-fields.js';

/** Calibration of each yes/no task by the model that serves it: a task is served by the newest deployment that has it. */
export async function calibrationReports(loaders: Loaders): Promise<CalibrationReport[]> {
  const deployments = await loaders.activeDeployments.load('all');
  const evaluations = await Promise.all(
    deployments.map((deployment) => loaders.evaluationsByModelVersion.load(deployment.modelVersionId)),
  );
  const reports = new Map<string, CalibrationReport>();
  for (const { task, split, isServed, metrics, curves } of evaluations.flat()) {
    const error = definedMetrics(metrics).find((metric) => metric.name === 'ECE');
    if (split !== 'TEST' || !isServed || !error || reports.has(task)) continue;
    const points = curves.CALIBRATION ?? [];
    reports.set(task, { ...taskFields(task), expectedCalibrationError: error.value, points });
  }
  return [...reports.values()];
}
