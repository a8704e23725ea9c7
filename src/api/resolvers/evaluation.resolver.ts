import { Arg, FieldResolver, Resolver, Root } from 'type-graphql';

import type { CurveKind } from '../../store/index.js';
import { CurveKindEnum } from '../types/enums.enum.js';
import { Evaluation, Point } from '../types/evaluation.type.js';

@Resolver(() => Evaluation)
export class EvaluationResolver {
  @FieldResolver(() => [Point], {
    description: 'A curve over all thresholds; empty for tasks that have none.',
  })
  curve(
    @Root() evaluation: Evaluation,
    @Arg('kind', () => CurveKindEnum, { description: 'Which curve.' }) kind: CurveKind,
  ): Point[] {
    return evaluation.curves[kind] ?? [];
  }
}
