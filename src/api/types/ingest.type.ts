import { Field, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'A row of a batch that was refused.', simpleResolvers: true })
export class IngestError {
  @Field(() => Int, { description: 'Place of the row in the batch, from 0.' })
  index: number;

  @Field(() => String, { description: 'Code, as in `extensions.code`.' })
  code: string;

  @Field(() => String, { description: 'What was expected and what came.' })
  message: string;
}

@ObjectType({
  description: 'What became of a batch: accepted + duplicates + rejected = rows sent.',
  simpleResolvers: true,
})
export class IngestResult {
  @Field(() => Int, { description: 'Rows that were stored or changed.' })
  accepted: number;

  @Field(() => Int, { description: 'Rows that were there already.' })
  duplicates: number;

  @Field(() => Int, { description: 'Rows that were refused.' })
  rejected: number;

  @Field(() => Int, { description: 'Refused rows that wait in quarantine, to be mended and replayed.' })
  quarantined: number;

  @Field(() => [IngestError], { description: 'Each refused row with its reason.' })
  errors: IngestError[];
}
