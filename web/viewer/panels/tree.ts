import type { Source, Tensor } from "../engine";

export type Row =
  | { kind: "group"; path: string; name: string; depth: number; size: number; open: boolean }
  | { kind: "tensor"; id: number; name: string; depth: number };

/** Tensors whose names begin alike, up to a point or a slash. */
export interface Branch {
  name: string;
  /** Its words, each with a point before it. */
  path: string;
  /** Letters of its tensors' names that stand before it and in it. */
  letters: number;
  branches: Branch[];
  tensors: number[];
  /** Tensors in it and below it. */
  size: number;
}

export function buildTree(tensors: Tensor[], sources: Source[]): Branch {
  const root: Branch = { name: "", path: "", letters: 0, branches: [], tensors: [], size: 0 };
  const known = new Map<string, Branch>();
  const into = (branch: Branch, name: string, path: string, letters: number): Branch => {
    let next = known.get(path);
    if (!next) {
      next = { name, path, letters, branches: [], tensors: [], size: 0 };
      known.set(path, next);
      branch.branches.push(next);
    }
    next.size += 1;
    return next;
  };
  const several = tensors.some(({ source }) => source !== tensors[0]!.source);
  for (const tensor of tensors) {
    let branch = root;
    branch.size += 1;
    if (several) branch = into(branch, sources[tensor.source]!.name, `${tensor.source}:`, 0);
    for (const word of tensor.name.split(/[./]/).slice(0, -1)) {
      branch = into(branch, word, `${branch.path}.${word}`, branch.letters + word.length + 1);
    }
    branch.tensors.push(tensor.id);
  }
  return several ? { ...root, branches: root.branches.map((inner) => ({ ...inner, branches: inner.branches.map(joined) })) } : joined(root);
}

/** A branch that holds one other branch and nothing else is no choice: both become one. */
function joined(branch: Branch): Branch {
  const [only] = branch.branches;
  if (branch.path !== "" && branch.tensors.length === 0 && branch.branches.length === 1) {
    return joined({ ...only!, name: `${branch.name}.${only!.name}` });
  }
  return { ...branch, branches: branch.branches.map(joined) };
}

/** The rows to show, of groups and of tensors, where some groups are open. */
export function flatten(tree: Branch, tensors: Tensor[], open: ReadonlySet<string>): Row[] {
  const rows: Row[] = [];
  const leaf = (id: number, branch: Branch, depth: number) =>
    rows.push({ kind: "tensor", id, name: tensors[id]!.name.slice(branch.letters), depth });
  const visit = (branch: Branch, depth: number) => {
    for (const inner of branch.branches) {
      // A group of one is the tensor itself.
      if (inner.size === 1) {
        leaf(first(inner), branch, depth);
        continue;
      }
      const shown = open.has(inner.path);
      rows.push({ kind: "group", path: inner.path, name: inner.name, depth, size: inner.size, open: shown });
      if (shown) visit(inner, depth + 1);
    }
    for (const id of branch.tensors) leaf(id, branch, depth);
  };
  visit(tree, 0);
  return rows;
}

function first(branch: Branch): number {
  return branch.tensors[0] ?? first(branch.branches[0]!);
}

/** The groups that must be open for a tensor to be seen. */
export function pathsTo(tree: Branch, id: number): string[] {
  for (const inner of tree.branches) {
    if (inner.tensors.includes(id)) return [inner.path];
    const below = pathsTo(inner, id);
    if (below.length > 0) return [inner.path, ...below];
  }
  return [];
}
