/** Writes protocol buffers, as much of them as a GraphDef needs (TensorFlow's graph.proto, 2.18). */

const textEncoder = new TextEncoder();

/** Names of nodes and ops: a graph has ten for each node, and a call of the encoder costs more than their few characters. */
const IS_SHORT_ASCII = /^[ -~]{0,64}$/;
/** Room of a message that has just been begun; most are this small. */
const FIRST_ROOM = 32;
const SEVEN_BITS = 0x7f;
const MORE = 0x80;
/** Below this, a number is the same in 32 bits. */
const INT_LIMIT = 2 ** 31;

/** One message under construction. Field numbers are those of the .proto files; see graph.ts. */
export class Message {
  private room = new Uint8Array(FIRST_ROOM);
  private size = 0;

  private reserve(bytes: number): void {
    const needed = this.size + bytes;
    if (needed <= this.room.length) return;
    const larger = new Uint8Array(Math.max(needed, 2 * this.room.length));
    larger.set(this.room.subarray(0, this.size));
    this.room = larger;
  }

  private push(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.room.set(bytes, this.size);
    this.size += bytes.length;
  }

  private varint(value: number): void {
    if (value < 0 || value >= INT_LIMIT) {
      this.push(longVarint(value));
      return;
    }
    this.reserve(5);
    let rest = value;
    while (rest > SEVEN_BITS) {
      this.room[this.size++] = (rest & SEVEN_BITS) | MORE;
      rest >>>= 7;
    }
    this.room[this.size++] = rest;
  }

  private key(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  /** int32, int64, enum or bool; negative numbers take ten bytes, as the format has it. */
  integer(field: number, value: number): this {
    this.key(field, 0);
    this.varint(value);
    return this;
  }

  float(field: number, value: number): this {
    this.key(field, 5);
    this.push(new Uint8Array(new Float32Array([value]).buffer));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.key(field, 2);
    this.varint(value.length);
    this.push(value);
    return this;
  }

  text(field: number, value: string): this {
    if (!IS_SHORT_ASCII.test(value)) return this.bytes(field, textEncoder.encode(value));
    this.key(field, 2);
    this.varint(value.length);
    this.reserve(value.length);
    for (let at = 0; at < value.length; at++) this.room[this.size++] = value.charCodeAt(at);
    return this;
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.room.subarray(0, value.size));
  }

  /** An entry of a map<string, message>. */
  entry(field: number, key: string, value: Message): this {
    return this.message(field, new Message().text(1, key).message(2, value));
  }

  encode(): Uint8Array {
    return this.room.slice(0, this.size);
  }
}

function longVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | MORE);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
