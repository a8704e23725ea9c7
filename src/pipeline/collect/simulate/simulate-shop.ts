import { Random } from '../../../nn/random.js';
import type { BehaviourColumns, HistoryTransaction, HistoryUser, ShopHistory } from '../../index.js';
import { describeUser, drawPerson, drawVisitDays, type Person } from './people.js';
import { drive, PROCESS } from './process.js';
import { joinColumns, RowColumns } from './row-columns.js';
import { ShopTruth } from './shop-truth.js';
import { simulateTransactions } from './simulate-transactions.js';
import { type GivenSimulationOptions, simulationOptions } from './simulation-options.js';
import { writeVisits } from './visits.js';
import { makeWorld, type ShopWorld } from './world.js';

/** Users made only to learn how many behaviours one has: more for large shops, where the count should be close. */
const pilotUsers = (behaviours: number): number =>
  Math.min(1500, Math.max(200, Math.round(behaviours / 500)));
const USERS_PER_BLOCK = 5_000;

/** Some consecutive users of a shop, with all that they do. */
export interface ShopBlock {
  readonly world: ShopWorld;
  readonly firstUser: number;
  readonly users: readonly HistoryUser[];
  readonly people: readonly Person[];
  /** `user` counts over the whole shop. */
  readonly behaviours: BehaviourColumns;
  /** Sorted by user, then time. */
  readonly transactions: readonly HistoryTransaction[];
  /** [transactions × traits] */
  readonly orderTraits: Float32Array;
  /** [transactions] P(fraud) by all that is true, and its logit before payment, device and countries are seen. */
  readonly fraudProbabilities: Float64Array;
  readonly fraudPriorLogits: Float64Array;
}

export interface SimulatedShop {
  readonly history: ShopHistory;
  readonly truth: ShopTruth;
}

/**
 * Makes a shop whose truth is known. Every user is drawn from a generator of its own, so that equal options give equal shops.
 *
 * Takes about 80 bytes a behaviour at its peak; `simulateBlocks` for shops larger than memory.
 *
 * @throws AppError BAD_USER_INPUT for an option out of range
 */
export function simulateShop(given: GivenSimulationOptions = {}): SimulatedShop {
  const blocks = [...simulateBlocks(given)];
  const [{ world }] = blocks;
  const users = blocks.flatMap((block) => block.users);
  const behaviours = joinColumns(blocks.map((block) => block.behaviours));
  const userOffsets = new Int32Array(users.length + 1);
  for (let row = 0; row < behaviours.count; row++) userOffsets[behaviours.user[row] + 1]++;
  for (let user = 0; user < users.length; user++) userOffsets[user + 1] += userOffsets[user];
  const byUser = blocks.flatMap((block) => block.transactions);
  const order = Uint32Array.from(byUser, (_, at) => at).sort(
    (a, b) => byUser[a].occurredAt - byUser[b].occurredAt || a - b,
  );
  const history: ShopHistory = {
    users,
    items: world.catalogue.items,
    behaviours,
    userOffsets,
    transactions: Array.from(order, (at) => byUser[at]),
    currency: 'GBP',
  };
  return { history, truth: new ShopTruth(world, history, blocks, order) };
}

/**
 * A shop's users in blocks, one after another: memory stays flat however large the shop.
 *
 * @throws AppError BAD_USER_INPUT for an option out of range
 */
export function* simulateBlocks(given: GivenSimulationOptions = {}): Generator<ShopBlock, void, void> {
  const world = makeWorld(simulationOptions(given));
  const random = new Random(world.options.seed);
  const people = random.fork('people');
  const users = Math.max(
    1,
    Math.round(world.options.behaviours / behavioursPerUser(world, random.fork('pilot'))),
  );
  let session = 0;
  for (let first = 0; first < users; first += USERS_PER_BLOCK) {
    const block = makeBlock(world, people, {
      first,
      count: Math.min(USERS_PER_BLOCK, users - first),
      session,
    });
    session = block.session;
    yield block;
  }
}

function behavioursPerUser(world: ShopWorld, random: Random): number {
  const count = pilotUsers(world.options.behaviours);
  return makeUsers(world, random, { first: 0, count, session: 0 }).behaviours.count / count;
}

interface BlockRange {
  readonly first: number;
  readonly count: number;
  /** Number of the block's first visit. */
  readonly session: number;
}

function makeUsers(world: ShopWorld, random: Random, { first, count, session }: BlockRange) {
  const rows = new RowColumns();
  const users: HistoryUser[] = [];
  const people: Person[] = [];
  const transactions: HistoryTransaction[] = [];
  const orderTraits: number[] = [];
  let next = session;
  for (let user = first; user < first + count; user++) {
    const own = random.fork(user);
    // What is done in visits draws from a generator of its own, so that later visits do not change earlier ones.
    const acts = own.fork('acts');
    const person = drawPerson(world, own);
    const sink = { rows, user, session: next, transactions, orderTraits };
    writeVisits(world, person, drawVisitDays(world, person, own), sink, acts);
    users.push(describeUser(user, own.fork('country')));
    people.push(person);
    next = sink.session;
  }
  return { users, people, transactions, orderTraits, behaviours: rows.columns(), session: next };
}

function makeBlock(world: ShopWorld, random: Random, range: BlockRange): ShopBlock & { session: number } {
  const { users, people, transactions, orderTraits, behaviours, session } = makeUsers(world, random, range);
  const { first } = range;
  const local = transactions.map((transaction) => ({ ...transaction, user: transaction.user - first }));
  const risks = people.map(({ traits }) => PROCESS.fraudEffect * drive(traits, world.directions.FRAUD));
  const simulated = simulateTransactions({ users, transactions: local }, world.options.seed, {
    riskOf: (user) => risks[user],
  });
  return {
    world,
    firstUser: first,
    users,
    people,
    behaviours,
    transactions: simulated.transactions.map((transaction) => ({
      ...transaction,
      user: transaction.user + first,
    })),
    orderTraits: Float32Array.from(orderTraits),
    fraudProbabilities: simulated.probabilities,
    fraudPriorLogits: simulated.priorLogits,
    session,
  };
}
