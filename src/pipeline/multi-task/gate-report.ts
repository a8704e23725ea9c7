import { compilePredict } from '../../nn/index.js';
import type { GateReport } from '../index.js';
import type { EntityPart } from './entities/entity-part.js';
import { type RowShare, takeExamples } from './joint-rows.js';
import type { MultiTaskNetwork } from './multi-task-network.js';

/** Rows that a mean is taken over at most. */
const MOST_ROWS = 4096;

/**
 * Mean gates of every task that has some, over examples.
 *
 * @param shares by part: its examples, and those of them to look at
 */
export function gateReports(
  network: MultiTaskNetwork,
  parts: readonly EntityPart[],
  shares: readonly RowShare[],
): GateReport[] {
  return parts.flatMap((part, at) => {
    const tasks = part.representations.filter((task) => network.body.sources(task).length > 0);
    const chosen = shares[at].chosen.subarray(0, MOST_ROWS);
    if (tasks.length === 0 || chosen.length === 0) return [];
    const predictor = compilePredict({
      weights: network.weights,
      batch: part.inputColumns,
      batchSizes: [Math.min(chosen.length, 512)],
      predict: (batch, context) => {
        const representations = network.represent(
          part.input.name,
          part.encoderInput(batch, context),
          tasks,
          context,
        );
        return Object.fromEntries(tasks.map((task, place) => [task, representations[place].gates!]));
      },
    });
    const gates = predictor.predict(
      takeExamples(shares[at].examples, Object.keys(part.inputColumns), chosen),
    );
    predictor.dispose();
    return tasks.map((task) => {
      const sources = network.body.sources(task);
      const shares = new Float64Array(sources.length);
      gates[task].forEach((gate, place) => (shares[place % sources.length] += gate / chosen.length));
      return { task, sources: sources.map((source, place) => ({ name: source, share: shares[place] })) };
    });
  });
}
