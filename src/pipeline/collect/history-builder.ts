import {
  type BehaviourWrite,
  type ItemWrite,
  type TransactionWrite,
  type UserWrite,
} from '../../store/index.js';
import {
  type BehaviourRow,
  buildBehaviourColumns,
  type HistoryItem,
  type HistoryTransaction,
  type HistoryUser,
  type ShopHistory,
} from '../index.js';

/**
 * Builds a ShopHistory from the rows that an import would write, without a database. As in the store, users and items
 * that a behaviour names are made on the way, and a later write of the same user or item replaces the earlier one.
 */
export class HistoryBuilder {
  private readonly users = new Registry<HistoryUser>((id) => ({ id, attributes: {} }));
  private readonly items = new Registry<HistoryItem>((id) => ({
    id,
    title: id,
    category: [],
    price: NaN,
    available: true,
    attributes: {},
  }));
  private readonly sessions = new Map<string, number>();
  private readonly behaviours: BehaviourRow[] = [];
  private readonly transactions: HistoryTransaction[] = [];

  addUser(user: UserWrite): void {
    this.users.put(user.id, { id: user.id, attributes: user.attributes ?? {} });
  }

  addItem(item: ItemWrite): void {
    this.items.put(item.id, {
      id: item.id,
      title: item.title,
      category: item.category ?? [],
      price: item.price === null || item.price === undefined ? NaN : Number(item.price),
      available: item.available ?? true,
      attributes: item.attributes ?? {},
    });
  }

  /** Adds a behaviour; event ids are the caller's to keep apart. */
  addBehaviour(behaviour: BehaviourWrite): void {
    const { itemId, sessionId } = behaviour;
    this.behaviours.push({
      user: this.users.indexOf(behaviour.userId),
      item: itemId === null || itemId === undefined ? -1 : this.items.indexOf(itemId),
      type: behaviour.type,
      occurredAt: behaviour.occurredAt.getTime(),
      quantity: behaviour.quantity ?? 1,
      value: Number(behaviour.value ?? 0),
      session: sessionId === null || sessionId === undefined ? -1 : this.sessionNumber(sessionId),
    });
  }

  addTransaction(transaction: TransactionWrite): void {
    this.transactions.push({
      id: transaction.id,
      user: this.users.indexOf(transaction.userId),
      amount: Number(transaction.amount),
      currency: transaction.currency,
      occurredAt: transaction.occurredAt.getTime(),
      lines: (transaction.items ?? []).map((line) => ({
        item: this.items.indexOf(line.itemId),
        quantity: line.quantity,
        price: Number(line.price ?? NaN),
      })),
      paymentMethod: transaction.paymentMethod ?? null,
      deviceId: transaction.deviceId ?? null,
      ipCountry: transaction.ipCountry ?? null,
      billingCountry: transaction.billingCountry ?? null,
      shippingCountry: transaction.shippingCountry ?? null,
      isFraud: transaction.isFraud ?? null,
    });
  }

  /** @param currency ISO 4217 code of the shop */
  build(currency: string): ShopHistory {
    const users = this.users.entries;
    return {
      users,
      items: this.items.entries,
      ...buildBehaviourColumns(this.behaviours, users.length),
      transactions: [...this.transactions].sort((a, b) => a.occurredAt - b.occurredAt),
      currency,
    };
  }

  private sessionNumber(sessionId: string): number {
    const known = this.sessions.get(sessionId);
    if (known !== undefined) return known;
    this.sessions.set(sessionId, this.sessions.size);
    return this.sessions.size - 1;
  }
}

/** Entries in order of first mention, found by the shop's id. */
class Registry<Entry> {
  readonly entries: Entry[] = [];
  private readonly indices = new Map<string, number>();

  constructor(private readonly make: (id: string) => Entry) {}

  indexOf(id: string): number {
    const known = this.indices.get(id);
    if (known !== undefined) return known;
    this.indices.set(id, this.entries.length);
    return this.entries.push(this.make(id)) - 1;
  }

  put(id: string, entry: Entry): void {
    this.entries[this.indexOf(id)] = entry;
  }
}
