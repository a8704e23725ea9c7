import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';

/** Name of the file beside a simulated shop's rows that holds its options. */
export const SIMULATION_FILE = 'simulation.json';
/** Longer than any options are. */
const MAX_BYTES = 65_536;

/** Whether a file is what the simulator notes of a shop, by its name and what it holds; false for a file that cannot be read. */
export async function isSimulationNote(path: string): Promise<boolean> {
  if (basename(path) !== SIMULATION_FILE) return false;
  try {
    if ((await stat(path)).size > MAX_BYTES) return false;
    const value = JSON.parse(await readFile(path, 'utf8')) as unknown;
    return typeof value === 'object' && value !== null && 'seed' in value && 'behaviours' in value;
  } catch {
    return false;
  }
}
