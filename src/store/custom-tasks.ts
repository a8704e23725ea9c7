/** Tasks that a shop has defined for itself. */
import { AppError } from '../errors.js';
import { type CustomTask, labelOf } from '../tasks/index.js';
import type { Prisma } from './generated/client.js';
import type { ShopContext } from './shop-context.js';
import type { ShopStore } from './shop-store.js';

type CustomTaskStore = Pick<ShopStore, 'customTasks' | 'defineTask' | 'deleteTask'>;

const MOST_TASKS = 50;

/** Custom tasks of one shop. */
export function customTaskStore({ prisma, shopId }: ShopContext): CustomTaskStore {
  const byName = (name: string) => ({ shopId_name: { shopId, name } });
  return {
    customTasks: async () =>
      (await prisma.customTask.findMany({ orderBy: { name: 'asc' } })).map(({ definition }) =>
        toTask(definition),
      ),
    defineTask: async (task) => {
      const known = await prisma.customTask.findUnique({ where: byName(task.name) });
      if (known && labelOf(toTask(known.definition)) !== labelOf(task))
        throw new AppError(
          'CONFLICT',
          `There is a task ${task.name} that asks something else. Delete it first, or take another name.`,
        );
      if (!known && (await prisma.customTask.count()) >= MOST_TASKS)
        throw new AppError('LIMIT_EXCEEDED', `A shop has at most ${MOST_TASKS} tasks of its own.`);
      const definition = task as unknown as Prisma.InputJsonObject;
      await prisma.customTask.upsert({
        where: byName(task.name),
        create: { shopId, name: task.name, definition },
        update: { definition },
      });
      return task;
    },
    deleteTask: async (name) => {
      const known = await prisma.customTask.findUnique({ where: byName(name) });
      if (!known) throw new AppError('NOT_FOUND', `There is no task ${name}.`);
      await prisma.customTask.delete({ where: byName(name) });
      return toTask(known.definition);
    },
  };
}

const toTask = (definition: Prisma.JsonValue): CustomTask => definition as unknown as CustomTask;
