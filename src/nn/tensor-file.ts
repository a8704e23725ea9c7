import { readFile, writeFile } from 'node:fs/promises';

/**
 * Tensors in one file, in the safetensors format (8 bytes: length of the header; JSON header; little-endian values), which Python
 * reads with the library of that name.
 */

export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array | Uint8Array;
}

/** Tensors by name, and free text by key. */
export interface TensorBundle {
  readonly tensors: Readonly<Record<string, StoredTensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: number[];
  readonly data_offsets: [number, number];
}

const TYPES = { F32: Float32Array, I32: Int32Array, U8: Uint8Array } as const;
const ALIGNMENT = 8;

function typeOf(values: StoredTensor['values']): keyof typeof TYPES {
  if (values instanceof Float32Array) return 'F32';
  return values instanceof Int32Array ? 'I32' : 'U8';
}

/** Bytes of a bundle. Equal bundles give equal bytes. */
export function encodeTensors({ tensors, metadata }: TensorBundle): Uint8Array {
  const header: Record<string, HeaderEntry | Readonly<Record<string, string>>> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let offset = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    header[name] = {
      dtype: typeOf(values),
      shape: [...shape],
      data_offsets: [offset, offset + values.byteLength],
    };
    offset += values.byteLength;
  }
  let text = JSON.stringify(header);
  const bytesOf = (value: string) => Buffer.byteLength(value);
  text += ' '.repeat((ALIGNMENT - (bytesOf(text) % ALIGNMENT)) % ALIGNMENT);
  const start = 8 + bytesOf(text);
  const all = new Uint8Array(start + offset);
  new DataView(all.buffer).setBigUint64(0, BigInt(bytesOf(text)), true);
  all.set(Buffer.from(text), 8);
  let at = start;
  for (const { values } of Object.values(tensors)) {
    all.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return all;
}

/** Reads what encodeTensors wrote. @throws Error when the bytes are cut short or not in the format */
export function decodeTensors(bytes: Uint8Array): TensorBundle {
  if (bytes.length < 8) throw new Error(`Not a tensor file: ${bytes.length} bytes`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
  if (8 + length > bytes.length)
    throw new Error('Not a tensor file, or cut short: its header is longer than the file');
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString()) as Record<
    string,
    HeaderEntry
  >;
  const tensors: Record<string, StoredTensor> = {};
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = entry as unknown as Record<string, string>;
      continue;
    }
    const Type = TYPES[entry.dtype as keyof typeof TYPES];
    if (!Type) throw new Error(`Tensor "${name}" has the type ${entry.dtype}, which is not read here`);
    const [from, to] = entry.data_offsets;
    if (8 + length + to > bytes.length) throw new Error(`The tensor file is cut short within "${name}"`);
    // A copy begins at an aligned address; slice() of a Node Buffer would be a view.
    const own = new Uint8Array(bytes.subarray(8 + length + from, 8 + length + to));
    tensors[name] = {
      shape: entry.shape,
      values: new Type(own.buffer, 0, own.byteLength / Type.BYTES_PER_ELEMENT),
    };
  }
  return { tensors, metadata };
}

export async function saveTensors(path: string, bundle: TensorBundle): Promise<void> {
  await writeFile(path, encodeTensors(bundle));
}

export async function loadTensors(path: string): Promise<TensorBundle> {
  return decodeTensors(await readFile(path));
}
