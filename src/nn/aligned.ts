import { nativeBackend } from './backend.js';
import { DATA_TYPE } from './graph.js';

/** TensorFlow reads an array in place where it begins at a multiple of so many bytes, and copies it where it does not. */
const ALIGNMENT = 64;
/** Every number of a column is a multiple of so many bytes from the next. */
const NUMBER_BYTES = 4;
/** Smaller ones are copied faster than a good place for them is found. */
const LEAST_BYTES = 65_536;

/** Whether TensorFlow takes an array that begins there as it is. JavaScript does not tell addresses, so it is tried. */
function isReadInPlace(buffer: ArrayBuffer, offset: number): boolean {
  const { binding } = nativeBackend!;
  const one = new Float32Array(buffer, offset, 1);
  const tensor = binding.createTensor([1], DATA_TYPE.float32, one);
  one[0] = 1;
  const [seen] = binding.tensorDataSync(tensor);
  one[0] = 0;
  binding.deleteTensor(tensor);
  return seen === 1;
}

/**
 * Zeroed memory for a column that is fed to TensorFlow. Large ones begin where TensorFlow reads them without copying them first (88 MB: 33 ms and as
 * much memory).
 *
 * @returns the memory, and where in it to begin; there are `bytes` from there on
 */
export function alignedMemory(bytes: number): { buffer: ArrayBuffer; offset: number } {
  if (!nativeBackend || bytes < LEAST_BYTES) return { buffer: new ArrayBuffer(bytes), offset: 0 };
  const buffer = new ArrayBuffer(bytes + ALIGNMENT);
  for (let offset = 0; offset < ALIGNMENT; offset += NUMBER_BYTES) {
    if (isReadInPlace(buffer, offset)) return { buffer, offset };
  }
  return { buffer, offset: 0 };
}
