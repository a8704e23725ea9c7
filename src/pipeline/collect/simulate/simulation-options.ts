import { z } from 'zod';

import { AppError } from '../../../errors.js';

/** 1 January 2025, a Wednesday. */
const START = Date.UTC(2025, 0, 1);

const schema = z.strictObject({
  /** Equal options give equal shops. */
  seed: z.number().int().min(0).max(0xffffffff).default(1),
  /** How many behaviours to aim at; the shop has about as many, within a few per cent for shops of 100,000 and more. */
  behaviours: z.number().int().min(1_000).max(100_000_000).default(100_000),
  /** Days from the shop's opening to its clock. */
  days: z.number().int().min(60).max(3_650).default(450),
  /** First day, milliseconds since the epoch at 00:00 UTC. */
  start: z
    .number()
    .int()
    .min(0)
    .max(Date.UTC(2100, 0, 1))
    .refine((time) => time % 86_400_000 === 0, 'must be the start of a day (UTC)')
    .default(START),
  /**
   * How far the latent direction that drives one task agrees with the one that drives purchase intent: the cosine between them. 1: the same
   * signal, 0: nothing to do with each other, -1: opposed.
   */
  relatedness: z.number().min(-1).max(1).default(0.5),
  /** Items on sale; grows with the square root of the behaviours when left out. */
  items: z.number().int().min(20).max(200_000).optional(),
  /** From this day (counted from the start) on, users come less often, leave sooner and like other things. */
  drift: z
    .strictObject({
      day: z.number().int().min(1).max(3_650),
      /** 0: none; 1: tastes change altogether, leaving is 2.5 times as likely, visits are 40 % fewer. */
      strength: z.number().min(0).max(1).default(1),
    })
    .nullable()
    .default(null),
});

export type SimulationOptions = Required<z.infer<typeof schema>>;
export type GivenSimulationOptions = z.input<typeof schema>;

/** @throws AppError BAD_USER_INPUT that names the option, what was expected and what came */
export function simulationOptions(given: GivenSimulationOptions = {}): SimulationOptions {
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const name = issue.path.join('.');
    const value = issue.path.reduce<unknown>(
      (inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key],
      given,
    );
    const came = value === undefined ? '' : ` (got ${JSON.stringify(value)})`;
    throw new AppError('BAD_USER_INPUT', `Simulation: ${name ? `${name}: ` : ''}${issue.message}${came}.`);
  }
  const options = parsed.data;
  return {
    ...options,
    items: options.items ?? Math.max(60, Math.round(2.5 * Math.sqrt(options.behaviours))),
  };
}
