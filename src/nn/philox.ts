/**
 * The numbers of TensorFlow's stateless random ops, computed in JavaScript, so that a model draws the same with and without the
 * native library: Philox 4×32, 10 rounds (Salmon et al., SC 2011), keyed as `StatelessRandomUniform` keys it.
 */

type Words = [number, number, number, number];

/** High and low word of a 32 × 32-bit product. */
function multiply(a: number, b: number): [number, number] {
  const low = Math.imul(a, b) >>> 0;
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + Math.floor((aLow * bLow) / 0x10000);
  const middleLow = (middle % 0x10000) + aLow * bHigh;
  const high = aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(middleLow / 0x10000);
  return [high >>> 0, low];
}

function philox(counter: Words, keyA: number, keyB: number): Words {
  let [c0, c1, c2, c3] = counter;
  let a = keyA;
  let b = keyB;
  for (let round = 0; round < 10; round++) {
    const [high0, low0] = multiply(0xd2511f53, c0);
    const [high1, low1] = multiply(0xcd9e8d57, c2);
    const next0 = (high1 ^ c1 ^ a) >>> 0;
    const next2 = (high0 ^ c3 ^ b) >>> 0;
    c0 = next0;
    c1 = low1;
    c2 = next2;
    c3 = low0;
    a = (a + 0x9e3779b9) >>> 0;
    b = (b + 0xbb67ae85) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** Calls back with each group of four random words for the seed pair of a stateless op. */
function eachGroup(
  seed: readonly [number, number],
  length: number,
  take: (words: Words, at: number) => void,
): void {
  const signWord = (value: number) => (value < 0 ? 0xffffffff : 0);
  const mixed = philox(
    [seed[0] >>> 0, signWord(seed[0]), seed[1] >>> 0, signWord(seed[1])],
    0x3ec8f720,
    0x02461e29,
  );
  for (let group = 0; group * 4 < length; group++) {
    take(philox([group, 0, mixed[2], mixed[3]], mixed[0], mixed[1]), group * 4);
  }
}

const bits = new Uint32Array(1);
const asFloat = new Float32Array(bits.buffer);

/** 23 random bits as a float in [0, 1). */
function toUniform(word: number): number {
  bits[0] = (127 << 23) | (word & 0x7fffff);
  return asFloat[0] - 1;
}

/** Uniforms in [0, 1), as StatelessRandomUniform gives them for this seed. */
export function statelessUniform(seed: readonly [number, number], length: number): Float32Array {
  const values = new Float32Array(length);
  eachGroup(seed, length, (words, at) => {
    for (let k = 0; k < 4 && at + k < length; k++) values[at + k] = toUniform(words[k]);
  });
  return values;
}

/** Standard normals by Box and Muller, as StatelessRandomNormal gives them for this seed (to the last bits of sin and log). */
export function statelessNormal(seed: readonly [number, number], length: number): Float32Array {
  const values = new Float32Array(length);
  eachGroup(seed, length, (words, at) => {
    for (let k = 0; k < 4; k += 2) {
      const radius = Math.sqrt(-2 * Math.log(Math.max(toUniform(words[k]), 1e-7)));
      const angle = 2 * Math.PI * toUniform(words[k + 1]);
      if (at + k < length) values[at + k] = Math.sin(angle) * radius;
      if (at + k + 1 < length) values[at + k + 1] = Math.cos(angle) * radius;
    }
  });
  return values;
}

/** Integers in [0, bound), as StatelessRandomUniformInt gives them for this seed. */
export function statelessIntegers(
  seed: readonly [number, number],
  length: number,
  bound: number,
): Int32Array {
  const values = new Int32Array(length);
  eachGroup(seed, length, (words, at) => {
    for (let k = 0; k < 4 && at + k < length; k++) values[at + k] = words[k] % bound;
  });
  return values;
}
