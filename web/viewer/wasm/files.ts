import type { NamedFile } from "./messages";

/** Blobs are read in whole blocks of so many bytes: small reads cost a browser as much as large ones. */
const BLOCK = 1 << 20;
/** Most blocks that are kept. */
const MOST_BLOCKS = 32;

/** Of workers alone, so that the types of pages lack it. */
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

/** Dropped files, read by position in a worker. */
export class Files {
  private readonly reader = new FileReaderSync();
  /** By file and block, the block that was used last at the end. */
  private readonly blocks = new Map<string, Uint8Array>();

  constructor(private readonly files: NamedFile[]) {}

  /** Fills `into` from `offset` of the file of that number on; throws where the file has changed or ends. */
  read(number: number, offset: number, into: Uint8Array): void {
    const { file } = this.files[number]!;
    if (offset + into.length > file.size) throw new Error("past the end");
    if (into.length >= 4 * BLOCK) {
      into.set(this.slice(file, offset, offset + into.length));
      return;
    }
    let done = 0;
    while (done < into.length) {
      const block = Math.floor((offset + done) / BLOCK);
      const bytes = this.block(number, file, block);
      const from = offset + done - block * BLOCK;
      const part = bytes.subarray(from, Math.min(bytes.length, from + into.length - done));
      into.set(part, done);
      done += part.length;
    }
  }

  private block(number: number, file: File, block: number): Uint8Array {
    const name = `${number}.${block}`;
    const kept = this.blocks.get(name);
    const bytes = kept ?? this.slice(file, block * BLOCK, Math.min(file.size, (block + 1) * BLOCK));
    this.blocks.delete(name);
    this.blocks.set(name, bytes);
    const [oldest] = this.blocks.keys();
    if (this.blocks.size > MOST_BLOCKS && oldest !== undefined) this.blocks.delete(oldest);
    return bytes;
  }

  private slice(file: File, from: number, to: number): Uint8Array {
    return new Uint8Array(this.reader.readAsArrayBuffer(file.slice(from, to)));
  }
}
