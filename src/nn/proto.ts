/** Writes protocol buffers, as much of them as a GraphDef needs (TensorFlow's graph.proto, 2.18). */

const textEncoder = new TextEncoder();

/** One message under construction. Field numbers are those of the .proto files; see graph.ts. */
export class Message {
  private readonly parts: Uint8Array[] = [];
  private size = 0;

  private push(bytes: Uint8Array): void {
    this.parts.push(bytes);
    this.size += bytes.length;
  }

  private key(field: number, wireType: number): void {
    this.push(varint(field * 8 + wireType));
  }

  /** int32, int64, enum or bool; negative numbers take ten bytes, as the format has it. */
  integer(field: number, value: number): this {
    this.key(field, 0);
    this.push(varint(value));
    return this;
  }

  float(field: number, value: number): this {
    this.key(field, 5);
    this.push(new Uint8Array(new Float32Array([value]).buffer));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.key(field, 2);
    this.push(varint(value.length));
    this.push(value);
    return this;
  }

  text(field: number, value: string): this {
    return this.bytes(field, textEncoder.encode(value));
  }

  message(field: number, value: Message): this {
    this.key(field, 2);
    this.push(varint(value.size));
    for (const part of value.parts) this.push(part);
    return this;
  }

  /** An entry of a map<string, message>. */
  entry(field: number, key: string, value: Message): this {
    return this.message(field, new Message().text(1, key).message(2, value));
  }

  encode(): Uint8Array {
    const all = new Uint8Array(this.size);
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

function varint(value: number): Uint8Array {
  if (value >= 0 && value < 128) return Uint8Array.of(value);
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
