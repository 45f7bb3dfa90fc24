/** Words that stand somewhere on the stage. */
export interface Label {
  text: string;
  /** CSS pixels from the upper left. */
  x: number;
  y: number;
  /** Away from what it belongs to: the text is moved so that it does not lie on it. */
  out: { x: number; y: number };
  opacity: number;
  kind: "tick" | "name" | "upright";
}

/** Sets labels as text of the page, in its font and colours, and uses their elements again. */
export class Labels {
  private readonly elements: HTMLElement[] = [];

  constructor(private readonly parent: HTMLElement) {}

  show(labels: Label[]): void {
    labels.forEach((label, index) => this.set(this.element(index), label));
    for (const element of this.elements.slice(labels.length)) element.hidden = true;
  }

  private element(index: number): HTMLElement {
    let element = this.elements[index];
    if (!element) {
      element = document.createElement("span");
      this.parent.append(element);
      this.elements.push(element);
    }
    return element;
  }

  private set(element: HTMLElement, { text, x, y, out, opacity, kind }: Label): void {
    element.hidden = false;
    element.className = kind;
    if (element.textContent !== text) element.textContent = text;
    element.style.opacity = String(opacity);
    const shift = kind === "tick" ? `translate(${(out.x - 1) * 50}%, ${(out.y - 1) * 50}%)` : "translate(-50%, -50%)";
    element.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) ${shift}${kind === "upright" ? " rotate(-90deg)" : ""}`;
  }
}
