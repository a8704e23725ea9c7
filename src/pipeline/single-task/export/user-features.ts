import type { NetworkColumn } from '../../index.js';
import { USER_FEATURES } from '../../preprocess/index.js';
import type { PopulationState } from '../users/population-state.js';
import { scaledColumns } from './in-graph.js';

const LOGARITHM = ', as sign(x) · log(1 + |x|)';

/** The user features as an exported network takes them: not yet standardised. */
export function userFeatureColumns({ population: { standardiser } }: PopulationState): NetworkColumn[] {
  const columns = USER_FEATURES.map(({ name, description, isLog }) => ({
    name,
    description: isLog ? `${description}${LOGARITHM}` : description,
  }));
  return scaledColumns(columns, standardiser);
}
