import type { NamedFile } from "./messages";

/** Most files that are taken from a folder. */
const MOST_FILES = 20_000;

/** The files of a drop, folders walked through. */
export async function droppedFiles(transfer: DataTransfer): Promise<NamedFile[]> {
  // All entries are asked for before the first wait: afterwards the browser has forgotten them.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: NamedFile[] = [];
  for (const entry of entries) await walk(entry, found);
  if (found.length > 0) return found;
  return [...transfer.files].map((file) => ({ name: file.name, file }));
}

/** The files of a file field. */
export function chosenFiles(list: FileList): NamedFile[] {
  return [...list].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
}

async function walk(entry: FileSystemEntry, found: NamedFile[]): Promise<void> {
  if (found.length >= MOST_FILES) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    found.push({ name: entry.fullPath.replace(/^\//, ""), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A reader gives a hundred entries at a time, and none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const inner of some) await walk(inner, found);
  }
}
