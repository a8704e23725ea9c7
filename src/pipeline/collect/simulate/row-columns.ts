import type { BehaviourColumns } from '../../index.js';

/** Behaviours added one by one, in columns that grow. Rows must come in the order of the finished columns. */
export class RowColumns {
  count = 0;
  private user = new Int32Array(1024);
  private item = new Int32Array(1024);
  private type = new Uint8Array(1024);
  private occurredAt = new Float64Array(1024);
  private quantity = new Float32Array(1024);
  private value = new Float64Array(1024);
  private session = new Int32Array(1024);

  /** @param type index into BEHAVIOUR_TYPES */
  add(
    user: number,
    session: number,
    type: number,
    item: number,
    occurredAt: number,
    quantity = 1,
    value = 0,
  ): void {
    const at = this.count++;
    if (at === this.user.length) this.grow();
    this.user[at] = user;
    this.item[at] = item;
    this.type[at] = type;
    this.occurredAt[at] = occurredAt;
    this.quantity[at] = quantity;
    this.value[at] = value;
    this.session[at] = session;
  }

  columns(): BehaviourColumns {
    const { count } = this;
    return {
      count,
      user: this.user.slice(0, count),
      item: this.item.slice(0, count),
      type: this.type.slice(0, count),
      occurredAt: this.occurredAt.slice(0, count),
      quantity: this.quantity.slice(0, count),
      value: this.value.slice(0, count),
      session: this.session.slice(0, count),
    };
  }

  private grow(): void {
    const more = this.user.length * 2;
    this.user = extended(this.user, new Int32Array(more));
    this.item = extended(this.item, new Int32Array(more));
    this.type = extended(this.type, new Uint8Array(more));
    this.occurredAt = extended(this.occurredAt, new Float64Array(more));
    this.quantity = extended(this.quantity, new Float32Array(more));
    this.value = extended(this.value, new Float64Array(more));
    this.session = extended(this.session, new Int32Array(more));
  }
}

function extended<Column extends { set(values: ArrayLike<number>): void }>(
  values: ArrayLike<number>,
  target: Column,
): Column {
  target.set(values);
  return target;
}

/** Parts one after another as one. */
export function joinColumns(parts: readonly BehaviourColumns[]): BehaviourColumns {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const joined = {
    count,
    user: new Int32Array(count),
    item: new Int32Array(count),
    type: new Uint8Array(count),
    occurredAt: new Float64Array(count),
    quantity: new Float32Array(count),
    value: new Float64Array(count),
    session: new Int32Array(count),
  };
  let at = 0;
  for (const part of parts) {
    joined.user.set(part.user, at);
    joined.item.set(part.item, at);
    joined.type.set(part.type, at);
    joined.occurredAt.set(part.occurredAt, at);
    joined.quantity.set(part.quantity, at);
    joined.value.set(part.value, at);
    joined.session.set(part.session, at);
    at += part.count;
  }
  return joined;
}
