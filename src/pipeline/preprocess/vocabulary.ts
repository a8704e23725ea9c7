/** Numbers for names. Unknown names get the one index that no name has, so that a lookup never fails. */
export class Vocabulary {
  private readonly indices: ReadonlyMap<string, number>;

  /** @param ids names in order of their index; must differ from each other */
  constructor(readonly ids: readonly string[]) {
    this.indices = new Map(ids.map((id, index) => [id, index]));
  }

  /** Number of known names. */
  get size(): number {
    return this.ids.length;
  }

  /** Index of every name that is not known: the one after the last. */
  get oovIndex(): number {
    return this.ids.length;
  }

  /** Index of a name, `oovIndex` for an unknown one. */
  indexOf(id: string): number {
    return this.indices.get(id) ?? this.oovIndex;
  }

  has(id: string): boolean {
    return this.indices.has(id);
  }

  /** Indices of names: [ids]. */
  indicesOf(ids: readonly string[]): Int32Array {
    return Int32Array.from(ids, (id) => this.indexOf(id));
  }
}
