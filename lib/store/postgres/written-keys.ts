/** Names of what a block wrote, as bytes: of each its length, in two bytes, then its characters, none above 255. */
export function encodeWrittenKeys(keys: Iterable<string>): Buffer {
  const list = [...keys];
  const bytes = Buffer.allocUnsafe(
    list.reduce((sum, { length }) => sum + 2 + length, 0),
  );
  let at = 0;
  for (const key of list) {
    at = bytes.writeUInt16BE(key.length, at);
    at += bytes.write(key, at, 'latin1');
  }
  return bytes;
}

/** Stands where names were, some of which came from data that was redacted. */
export const REDACTED_KEYS = Buffer.from('ffff', 'hex');

/** @returns undefined where they were redacted */
export function decodeWrittenKeys(
  bytes: Buffer,
): readonly string[] | undefined {
  if (bytes.equals(REDACTED_KEYS)) return undefined;
  const keys: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at + 2;
    at = start + bytes.readUInt16BE(at);
    keys.push(bytes.toString('latin1', start, at));
  }
  return keys;
}
