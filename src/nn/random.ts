/** State of a generator: four unsigned 32-bit words, and the normal left over from the last pair. */
export interface RandomState {
  readonly words: readonly [number, number, number, number];
  readonly spareNormal: number | null;
}

/** Splits a seed into well mixed words (splitmix32). */
function splitMix(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
}

/** 32-bit hash of a text (FNV-1a), to derive seeds from names. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/**
 * Seeded generator of every random draw that is made in JavaScript: xoshiro128** (Blackman and Vigna, 2018), which passes
 * BigCrush and needs no more than 32-bit integers.
 */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private d = 0;
  private spareNormal: number | null = null;
  private readonly seed: number;

  /** @param seed any integer; equal seeds give equal sequences */
  constructor(seed: number) {
    this.seed = seed >>> 0;
    const next = splitMix(this.seed);
    this.a = next() | 0; // signed words stay small integers to V8
    this.b = next() | 0;
    this.c = next() | 0;
    this.d = next() | 1; // never all zero
  }

  /** A generator of its own for one purpose: draws here and there do not disturb each other. */
  fork(purpose: string | number): Random {
    return new Random(hashText(`${this.seed}/${purpose}`));
  }

  /** Unsigned 32-bit integer. */
  word(): number {
    const turned = Math.imul(this.b, 5);
    const result = Math.imul((turned << 7) | (turned >>> 25), 9) >>> 0;
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result;
  }

  /** Uniform in [0, 1), 32 bits fine. */
  uniform(): number {
    return this.word() / 0x100000000;
  }

  /** Uniform integer in [0, bound), without bias (Lemire, 2019). */
  integer(bound: number): number {
    if (!(bound >= 1 && bound <= 0x100000000))
      throw new RangeError(`Expected a bound in 1 to 2^32, got ${bound}`);
    if (bound === 0x100000000) return this.word();
    const whole = bound >>> 0;
    const threshold = ((-whole >>> 0) % whole) >>> 0; // 2^32 % bound, in integers: four times as fast
    for (;;) {
      const word = this.word();
      if (word >= threshold) return (word % whole) >>> 0;
    }
  }

  /** Standard normal (Marsaglia's polar method, 1964). */
  normal(): number {
    if (this.spareNormal !== null) {
      const spare = this.spareNormal;
      this.spareNormal = null;
      return spare;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) {
        const scale = Math.sqrt((-2 * Math.log(square)) / square);
        this.spareNormal = y * scale;
        return x * scale;
      }
    }
  }

  /** Fills with normals of the given deviation. */
  fillNormal(target: Float32Array, deviation: number): Float32Array {
    for (let at = 0; at < target.length; at++) target[at] = this.normal() * deviation;
    return target;
  }

  /** Fills with uniforms in [low, high). */
  fillUniform(target: Float32Array, low: number, high: number): Float32Array {
    for (let at = 0; at < target.length; at++) target[at] = low + this.uniform() * (high - low);
    return target;
  }

  /** Shuffles in place (Fisher and Yates). */
  shuffle<T extends Int32Array | Uint32Array | Float32Array | unknown[]>(values: T): T {
    for (let at = values.length - 1; at > 0; at--) {
      const other = this.integer(at + 1);
      const kept = values[at];
      values[at] = values[other];
      values[other] = kept;
    }
    return values;
  }

  /** 0 to length - 1 in random order. */
  permutation(length: number): Int32Array {
    const numbers = new Int32Array(length);
    for (let at = 0; at < length; at++) numbers[at] = at;
    return this.shuffle(numbers);
  }

  /** Everything that the next draw depends on. */
  state(): RandomState {
    return { words: [this.a >>> 0, this.b >>> 0, this.c >>> 0, this.d >>> 0], spareNormal: this.spareNormal };
  }

  /** Goes on from where `state` was taken. */
  restore(state: RandomState): void {
    const [a, b, c, d] = state.words;
    this.a = a | 0;
    this.b = b | 0;
    this.c = c | 0;
    this.d = d | 0;
    this.spareNormal = state.spareNormal;
  }
}
