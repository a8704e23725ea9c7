import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { OpenSession, ShopHistory } from '../../index.js';
import {
  sessionColumns,
  TabularEncoder,
  type TabularEncoding,
  tabularEncodingSchema,
} from '../../preprocess/index.js';

const FILE = 'sessions.json';

/** How open sessions become rows: one encoding for all tasks about them, as they go through one encoder. */
export class SessionTable {
  private encoder: TabularEncoder | null = null;

  /** Numbers of a row. @throws Error before `encode` or `load` */
  get width(): number {
    return this.ready().width;
  }

  get encoding(): TabularEncoding {
    return this.ready().encoding;
  }

  /** [sessions × width]. The first sessions that come are what the encoding is fitted to. */
  encode(history: ShopHistory, sessions: readonly OpenSession[]): Float32Array {
    const columns = sessionColumns(history, sessions);
    const places = [...sessions.keys()];
    this.encoder ??= TabularEncoder.fit(columns, places);
    return this.encoder.encode(columns, places);
  }

  async save(directory: string): Promise<void> {
    await writeFile(join(directory, FILE), JSON.stringify(this.encoding));
  }

  /** Takes over what `save` wrote. */
  async load(directory: string): Promise<void> {
    const saved = JSON.parse(await readFile(join(directory, FILE), 'utf8')) as unknown;
    this.encoder = new TabularEncoder(tabularEncodingSchema.parse(saved));
  }

  /** Takes over what another learner's table was fitted to. */
  adopt(other: SessionTable): void {
    this.encoder = other.encoder;
  }

  private ready(): TabularEncoder {
    if (!this.encoder) throw new Error('The sessions have no encoding yet.');
    return this.encoder;
  }
}
