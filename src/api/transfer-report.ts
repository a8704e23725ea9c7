import type { Manifest } from '../pipeline/deploy/index.js';
import type { TransferReport } from './types/comparison.type.js';
import type { ModelVersion } from './types/model-version.type.js';
import { taskFields, taskListFields } from './types/task-fields.js';

/** What the run of a version measured of its tasks helping each other; none but for versions of AUTO runs. */
export function transferReportsOf(modelVersion: ModelVersion): TransferReport[] {
  const { transfer } = modelVersion.manifest as Pick<Manifest, 'transfer'>;
  if (!transfer) return [];
  const gains = transfer.gains.map((gain) => {
    const { tasks: together, customTasks: customTogether } = taskListFields(gain.together);
    return { ...gain, ...taskFields(gain.task), together, customTogether };
  });
  const groups = transfer.groups.map((group) => ({ ...group, ...taskListFields(group.tasks) }));
  // Versions made before gradients were compared have no affinities in the store.
  const affinities = (transfer.affinities ?? []).map((affinity) => {
    const { task: other, customTask: customOther } = taskFields(affinity.other);
    return { ...affinity, ...taskFields(affinity.task), other, customOther };
  });
  return [{ ...transfer, gains, groups, affinities, modelVersion }];
}
