/** A model version's networks as files for other programs: TensorFlow's, or ONNX Runtime's. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { AppError } from '../../../errors.js';
import type { TaskName } from '../../../tasks/index.js';
import type { ExportableNetwork, NetworkFormat, NetworkRows } from '../../index.js';
import { exampleRows } from '../../single-task/index.js';
import type { ModelFiles } from '../model-files.js';
import { LoadedBundle } from './bundle.js';

/** What the folder says of itself. */
const MANIFEST = 'networks.json';
const MANIFEST_VERSION = 1;
/** Rows that come with each network, with what it answers to them, so that a reader can see whether all is well. */
const EXAMPLES = 4;

export interface ExportRequest {
  readonly contentHash: string;
  readonly format: NetworkFormat;
  /** Exists and is empty. */
  readonly directory: string;
  /** Only this task's predictor; all unless said. */
  readonly task?: TaskName;
}

export interface ExportedVersion {
  readonly networks: readonly { readonly path: string; readonly tasks: readonly TaskName[] }[];
  /** Predictors that are no networks. */
  readonly left: readonly { readonly tasks: readonly TaskName[]; readonly architecture: string }[];
}

/**
 * Writes the networks of a version, and `networks.json` beside them: what goes in and comes out, names of features and ids in their order,
 * decision thresholds, and example rows with their answers.
 *
 * @throws AppError NOT_FOUND; NOT_READY when the version has no predictor for the task; BAD_USER_INPUT when none of its predictors is a network
 */
export async function exportVersion(files: ModelFiles, request: ExportRequest): Promise<ExportedVersion> {
  const bundle = await LoadedBundle.open(files, request.contentHash);
  try {
    return await writeNetworks(bundle, request);
  } finally {
    bundle.dispose();
  }
}

interface Predictor {
  readonly directory: string;
  readonly architecture: string;
  readonly tasks: TaskName[];
  readonly networks: readonly ExportableNetwork[];
}

async function writeNetworks(bundle: LoadedBundle, request: ExportRequest): Promise<ExportedVersion> {
  const { directory, format, contentHash } = request;
  const predictors = predictorsOf(bundle, request.task);
  const left = predictors.filter(({ networks }) => networks.length === 0);
  if (left.length === predictors.length) throw noNetworks(left);
  const entries: object[] = [];
  const networks: { path: string; tasks: readonly TaskName[] }[] = [];
  for (const predictor of predictors) {
    for (const network of predictor.networks) {
      const path = `${predictor.directory}/${network.name}${format === 'ONNX' ? '.onnx' : ''}`;
      await mkdir(join(directory, predictor.directory), { recursive: true });
      await network.write(format, join(directory, path));
      networks.push({ path, tasks: network.tasks });
      entries.push({ path, architecture: predictor.architecture, ...describe(network) });
    }
  }
  const { cut, seed, notes, tasks } = bundle.manifest;
  const thresholds = Object.entries(tasks).map(([task, entry]) => [task, entry?.threshold]);
  const manifest = {
    version: MANIFEST_VERSION,
    format,
    contentHash,
    cut,
    seed,
    notes,
    thresholds: Object.fromEntries(thresholds) as object,
    networks: entries,
    notExported: left.map(({ tasks: own, architecture }) => ({ tasks: own, architecture, why: WHY })),
  };
  await writeFile(join(directory, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  return { networks, left: left.map(({ tasks: own, architecture }) => ({ tasks: own, architecture })) };
}

const WHY = 'counts and lists, no network';

function predictorsOf(bundle: LoadedBundle, task: TaskName | undefined): Predictor[] {
  const found = new Map<string, Predictor>();
  const tasks = Object.keys(bundle.manifest.tasks) as TaskName[];
  for (const own of task === undefined ? tasks : [task]) {
    const { model, entry } = bundle.predictor(own);
    const known = found.get(entry.directory);
    if (known) known.tasks.push(own);
    else {
      const { directory, architecture } = entry;
      found.set(directory, { directory, architecture, tasks: [own], networks: model.networks?.() ?? [] });
    }
  }
  return [...found.values()].map((predictor) => ({
    ...predictor,
    networks: predictor.networks.filter(({ tasks }) => tasks.some((own) => predictor.tasks.includes(own))),
  }));
}

function noNetworks(left: readonly Predictor[]): AppError {
  const names = left.map(({ architecture, tasks }) => `${architecture} (${tasks.join(', ')})`);
  return new AppError(
    'BAD_USER_INPUT',
    `Nothing to export: ${names.join(', ')} ${left.length > 1 ? 'are' : 'is'} made of ${WHY}. ` +
      'Its files as the product keeps them are there with --format tandem.',
  );
}

function describe(network: ExportableNetwork): object {
  const { name, tasks, description, inputs, outputs, memberOf } = network;
  const rows = exampleRows(inputs, EXAMPLES, 1);
  const examples = { inputs: plain(rows), outputs: plain(network.predict(rows)) };
  return { name, tasks, description, inputs, outputs, ...(memberOf && { memberOf }), examples };
}

/** Row by row, flat; NaN as null, as JSON has none. */
function plain(rows: NetworkRows): Record<string, number[]> {
  return Object.fromEntries(Object.entries(rows).map(([name, values]) => [name, Array.from(values)]));
}
