import { Field, InputType } from 'type-graphql';

import type { QuarantineState } from '../../store/index.js';
import { QuarantineStateEnum } from '../types/data-enums.enum.js';

@InputType({ description: 'Which rows in quarantine.' })
export class QuarantineFilter {
  @Field(() => QuarantineStateEnum, {
    nullable: true,
    description: 'Only rows in this state. Default WAITING.',
  })
  state?: QuarantineState | null;

  @Field(() => String, { nullable: true, description: 'Only rows that came from here.' })
  source?: string | null;
}
