/** Ids kept of each kind and shop; about 100 bytes each. */
const CAPACITY = 200_000;

/**
 * Internal ids by the shop's own, those used last kept. Two generations instead of a list in the order of use: what is asked for
 * moves to the young one, and when that is full the old one is dropped.
 */
export class IdCache {
  private young = new Map<string, number>();
  private old = new Map<string, number>();

  constructor(private readonly capacity = CAPACITY) {}

  get(externalId: string): number | undefined {
    const id = this.young.get(externalId);
    if (id !== undefined) return id;
    const aged = this.old.get(externalId);
    if (aged !== undefined) this.set(externalId, aged);
    return aged;
  }

  set(externalId: string, id: number): void {
    if (this.young.size >= this.capacity / 2) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(externalId, id);
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
  }
}
