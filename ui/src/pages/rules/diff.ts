// What differs between two texts, line by line.

export interface DiffLine { sign: " " | "+" | "-"; text: string; /** From 1, of the side it stands on; the later one for both. */ line: number }

/** Two texts of more lines than this together are compared as a whole: the time grows with their product. */
const most = 6000;

/** The longest common lines stay, the rest went (-) or came (+). */
export function diff(before: string, after: string): DiffLine[] {
  const a = before === "" ? [] : before.replace(/\n$/, "").split("\n"), b = after === "" ? [] : after.replace(/\n$/, "").split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const x = a.slice(head, a.length - tail), y = b.slice(head, b.length - tail);
  const out: DiffLine[] = a.slice(0, head).map((text, i) => ({ sign: " ", text, line: i + 1 }));
  const went = (i: number) => out.push({ sign: "-", text: x[i]!, line: head + i + 1 });
  const came = (j: number) => out.push({ sign: "+", text: y[j]!, line: head + j + 1 });
  if (x.length + y.length > most) {
    x.forEach((_, i) => went(i));
    y.forEach((_, j) => came(j));
  } else {
    const w = y.length + 1;
    const common = new Uint16Array((x.length + 1) * w);
    for (let i = x.length - 1; i >= 0; i--) for (let j = y.length - 1; j >= 0; j--) common[i * w + j] = x[i] === y[j] ? common[(i + 1) * w + j + 1]! + 1 : Math.max(common[(i + 1) * w + j]!, common[i * w + j + 1]!);
    let i = 0, j = 0;
    while (i < x.length || j < y.length) {
      if (i < x.length && j < y.length && x[i] === y[j]) {
        out.push({ sign: " ", text: y[j]!, line: head + j + 1 });
        i++;
        j++;
      } else if (j >= y.length || (i < x.length && common[(i + 1) * w + j]! >= common[i * w + j + 1]!)) went(i++);
      else came(j++);
    }
  }
  for (let t = tail; t > 0; t--) out.push({ sign: " ", text: b[b.length - t]!, line: b.length - t + 1 });
  return out;
}

export interface Hunk { lines: DiffLine[]; /** Lines that are the same and left out before it. */ skipped: number }

/** Only what changed, with some lines around. */
export function hunks(all: readonly DiffLine[], around = 2): Hunk[] {
  const out: Hunk[] = [];
  let last = -1;
  all.forEach((l, i) => {
    if (l.sign === " ") return;
    const from = Math.max(last + 1, i - around), to = Math.min(all.length - 1, i + around);
    const now = out.at(-1);
    if (now && from <= last + 1) now.lines.push(...all.slice(last + 1, to + 1));
    else out.push({ lines: all.slice(from, to + 1), skipped: from - last - 1 });
    last = Math.max(last, to);
  });
  return out;
}
