import { type FileHandle, open } from 'node:fs/promises';
import { isTurnLong, nextTurn } from '../../async/turns.js';
import { StoreDamagedError } from '../store-errors.js';
import {
  BIG_DATA,
  BRANCH,
  childOf,
  DATA_VERSION,
  freePagesIn,
  LEAF,
  MAGIC,
  META,
  META_SIZE,
  NO_PAGE,
  NODE_HEADER,
  OVERFLOW,
  OVERFLOW_RECORD,
  PAGE_HEADER,
  SUB_TREE,
  TREE_RECORD,
  treeRoot,
  type TreeRoot,
} from './page-format.js';

/** Pages are read together if so many others, at the most, lie between them. */
const GAP = 8;
const MOST_TOGETHER = 256;

/**
 * Checks the structure of an LMDB data file: that every page which can be
 * reached is one, lies within the file, and points nowhere but to others.
 *
 * LMDB has no checksums and believes what it reads, so a file that was cut off
 * or scribbled on ends the process. What the pages hold is not looked at: a
 * record has a checksum, and the journal its hashes.
 *
 * @throws StoreDamagedError naming the page
 */
export async function checkFile(path: string): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    // LMDB makes a new one of an empty file.
    if (size === 0) return;
    const check = await FileCheck.begin(file, size);
    await check?.run();
  } finally {
    await file.close();
  }
}

class FileCheck {
  readonly #seen: Uint8Array;
  readonly #pages: number;

  private constructor(
    private readonly file: FileHandle,
    private readonly pageSize: number,
    /** The transaction that wrote last. LMDB takes a page of a later one for its own, and writes to it. */
    private readonly lastWriter: bigint,
    lastPage: number,
    size: number,
    private readonly free: TreeRoot,
    private readonly main: TreeRoot,
  ) {
    this.#pages = Math.min(lastPage + 1, Math.floor(size / pageSize));
    this.#seen = new Uint8Array((this.#pages >> 3) + 1);
  }

  static async begin(
    file: FileHandle,
    size: number,
  ): Promise<FileCheck | undefined> {
    const first = await readAt(file, 0, PAGE_HEADER + META_SIZE);
    const magic = first.readUInt32LE(PAGE_HEADER);
    const pageSize = first.readUInt32LE(META.pageSize);
    const isPageSize =
      pageSize >= 512 && pageSize <= 65536 && (pageSize & (pageSize - 1)) === 0;
    const metas = [first];
    // Each commit writes one of two: the older one may have what the newer lost.
    if (isPageSize && size >= 2 * pageSize)
      metas.push(await readAt(file, pageSize, PAGE_HEADER + META_SIZE));
    const valid = metas.filter(
      (meta) => meta.readUInt32LE(PAGE_HEADER) === MAGIC,
    );
    if (magic !== MAGIC || !isPageSize || valid.length < 2)
      throw damaged('its first pages are not those of an LMDB file');
    if (valid.some((meta) => meta.readUInt32LE(META.version) !== DATA_VERSION))
      return undefined;
    const newest = valid.reduce((a, b) =>
      b.readBigUInt64LE(META.transaction) > a.readBigUInt64LE(META.transaction)
        ? b
        : a,
    );
    const lastPage = Number(newest.readBigUInt64LE(META.lastPage));
    return new FileCheck(
      file,
      pageSize,
      newest.readBigUInt64LE(META.transaction),
      lastPage,
      size,
      treeRoot(newest, META.freeTree),
      treeRoot(newest, META.mainTree),
    );
  }

  async run(): Promise<void> {
    const trees: TreeRoot[] = [];
    const freeLists: Buffer[] = [];
    await this.#tree(this.main, (data) => {
      if (data.length === TREE_RECORD) trees.push(treeRoot(data, 0));
    });
    for (const tree of trees) await this.#tree(tree);
    await this.#tree(this.free, undefined, freeLists);
    for (const list of freeLists) this.#freeList(list);
  }

  async #tree(
    { root, depth }: TreeRoot,
    onTree?: (data: Buffer) => void,
    values?: Buffer[],
  ): Promise<void> {
    if (root === NO_PAGE) return;
    if (depth < 1 || depth > 32) throw damaged('a tree has no such depth');
    await this.#level(
      [this.#use(root, 1n, 'a root')],
      depth - 1,
      onTree,
      values,
    );
  }

  /** Checks pages of one level, and all below them. */
  async #level(
    pages: readonly number[],
    height: number,
    onTree: ((data: Buffer) => void) | undefined,
    values: Buffer[] | undefined,
  ): Promise<void> {
    for await (const [number, page] of this.#read(pages)) {
      const isLeaf = height === 0;
      const nodes = this.#nodes(number, page, isLeaf ? LEAF : BRANCH);
      if (isLeaf) await this.#leaf(number, page, nodes, onTree, values);
      else {
        const children = nodes.map((at) =>
          this.#use(childOf(page, at), 1n, `page ${number}`),
        );
        await this.#level(children, height - 1, onTree, values);
      }
      if (isTurnLong()) await nextTurn();
    }
  }

  /** Where the nodes of a page begin. */
  #nodes(number: number, page: Buffer, kind: number): readonly number[] {
    const lower = page.readUInt16LE(20);
    const upper = page.readUInt16LE(22);
    const space = this.pageSize - PAGE_HEADER;
    if (
      page.readBigUInt64LE(0) !== BigInt(number) ||
      page.readBigUInt64LE(8) > this.lastWriter ||
      page.readUInt16LE(18) !== kind ||
      lower % 2 !== 0 ||
      lower > upper ||
      upper > space ||
      (kind === BRANCH && lower === 0)
    )
      throw damaged(`page ${number} is not what was written`);
    const nodes: number[] = [];
    for (let at = PAGE_HEADER; at < PAGE_HEADER + lower; at += 2) {
      const offset = page.readUInt16LE(at);
      const node = PAGE_HEADER + offset;
      if (
        offset < upper ||
        offset + NODE_HEADER > space ||
        offset + NODE_HEADER + page.readUInt16LE(node + 6) > space
      )
        throw damaged(`page ${number} has an entry that is not within it`);
      nodes.push(node);
    }
    return nodes;
  }

  async #leaf(
    number: number,
    page: Buffer,
    nodes: readonly number[],
    onTree: ((data: Buffer) => void) | undefined,
    values: Buffer[] | undefined,
  ): Promise<void> {
    for (const node of nodes) {
      const flags = page.readUInt16LE(node + 4);
      const size = page.readUInt32LE(node);
      const start = node + NODE_HEADER + page.readUInt16LE(node + 6);
      const length = flags === BIG_DATA ? OVERFLOW_RECORD : size;
      if (
        (flags & ~(BIG_DATA | SUB_TREE)) !== 0 ||
        start + length > this.pageSize
      )
        throw damaged(`page ${number} has an entry that is not within it`);
      const data = page.subarray(start, start + length);
      if (flags === SUB_TREE) onTree?.(data);
      else {
        const value =
          flags === BIG_DATA
            ? await this.#overflow(number, data, size, values !== undefined)
            : data;
        values?.push(Buffer.from(value));
      }
    }
  }

  /** A value that has pages of its own. */
  async #overflow(
    number: number,
    record: Buffer,
    size: number,
    wanted: boolean,
  ): Promise<Buffer> {
    const count = record.readBigUInt64LE(16);
    const first = this.#use(record.readBigUInt64LE(0), count, `page ${number}`);
    const head = await readAt(this.file, first * this.pageSize, PAGE_HEADER);
    if (
      head.readBigUInt64LE(0) !== BigInt(first) ||
      head.readBigUInt64LE(8) > this.lastWriter ||
      head.readUInt16LE(18) !== OVERFLOW ||
      BigInt(head.readUInt32LE(20)) !== count ||
      BigInt(size + PAGE_HEADER) > count * BigInt(this.pageSize)
    )
      throw damaged(`page ${first} is not what was written`);
    return wanted
      ? readAt(this.file, first * this.pageSize + PAGE_HEADER, size)
      : head;
  }

  /** Free pages: what is written next would overwrite those that are not. */
  #freeList(list: Buffer): void {
    const runs = freePagesIn(list);
    if (!runs) throw damaged('a list of free pages is cut off');
    for (const { first, count } of runs)
      this.#use(first, count, 'the free pages', true);
  }

  /** Notes pages as used, or as free; each can be one of them, once. */
  #use(
    first: bigint,
    count: bigint,
    from: string,
    mayBeBehind = false,
  ): number {
    if (
      first < 2n ||
      (!mayBeBehind && first + count > BigInt(this.#pages)) ||
      count < 1n
    )
      throw damaged(`${from} leads to page ${first}, which is not in the file`);
    const end = Math.min(Number(first + count), this.#pages);
    for (let page = Number(first); page < end; page++) {
      const bit = 1 << (page & 7);
      if ((this.#seen[page >> 3] & bit) !== 0)
        throw damaged(`${from} leads to page ${page}, which is another's`);
      this.#seen[page >> 3] |= bit;
    }
    return Number(first);
  }

  /** Pages with their numbers; those that lie together are read together. */
  async *#read(
    numbers: readonly number[],
  ): AsyncIterable<readonly [number, Buffer]> {
    const sorted = numbers.toSorted((a, b) => a - b);
    for (let i = 0; i < sorted.length;) {
      const first = sorted[i];
      let next = i + 1;
      while (
        next < sorted.length &&
        sorted[next] - sorted[next - 1] <= GAP &&
        sorted[next] - first < MOST_TOGETHER
      )
        next++;
      const count = sorted[next - 1] - first + 1;
      const bytes = await readAt(
        this.file,
        first * this.pageSize,
        count * this.pageSize,
      );
      for (; i < next; i++) {
        const start = (sorted[i] - first) * this.pageSize;
        yield [sorted[i], bytes.subarray(start, start + this.pageSize)];
      }
    }
  }
}

async function readAt(
  file: FileHandle,
  position: number,
  length: number,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  const { bytesRead } = await file.read(bytes, 0, length, position);
  if (bytesRead < length) throw damaged('its data file was cut off');
  return bytes;
}

function damaged(what: string): StoreDamagedError {
  return new StoreDamagedError(what);
}
