/** Keys of other systems, sealed before they are stored. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { AppError } from './errors.js';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals texts with AES-256-GCM under a key that lies in a file beside the database, not in it. */
export interface SecretBox {
  /** @param context what the text is for; opened under another context it is refused */
  seal(text: string, context: string): string;
  /** @throws AppError NOT_READY when it was sealed under another key or for something else */
  open(sealed: string, context: string): string;
}

/**
 * The installation's box. Its key is made at the first use, in `secret.key` of the data folder, readable by its owner alone.
 *
 * @param dataDir the folder that all processes of the installation share
 * @throws AppError NOT_READY for a key file that is damaged
 */
export async function openSecretBox(dataDir: string): Promise<SecretBox> {
  const path = join(dataDir, 'secret.key');
  const key = await keyOf(path);
  return {
    seal: (text, context) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
    },
    open: (sealed, context) => {
      const bytes = Buffer.from(sealed, 'base64');
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
          .setAAD(Buffer.from(context))
          .setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        const opened = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
        return Buffer.concat([opened, decipher.final()]).toString('utf8');
      } catch (error) {
        throw new AppError(
          'NOT_READY',
          `A stored key cannot be opened: ${path} is not the file that it was sealed with. Save the connection again.`,
          {},
          { cause: error },
        );
      }
    },
  };
}

async function keyOf(path: string): Promise<Buffer> {
  await mkdir(dirname(path), { recursive: true });
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(randomBytes(KEY_BYTES));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  // Another process may be writing it this very moment.
  for (let tries = 0; tries < 20; tries++) {
    const key = await readFile(path);
    if (key.length === KEY_BYTES) return key;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new AppError('NOT_READY', `${path} is damaged: expected ${KEY_BYTES} bytes.`);
}
