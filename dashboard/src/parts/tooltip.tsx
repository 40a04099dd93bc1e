/** One floating label for all marks. It says to the eye what the mark's own name says to a screen reader. */

import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Cell, useCell } from "../cell";

interface Shown {
  readonly anchor: DOMRect;
  readonly content: ComponentChildren;
}

const shown = new Cell<Shown | null>(null);

export const showTooltip = (anchor: DOMRect, content: ComponentChildren): void => shown.set({ anchor, content });
export const hideTooltip = (): void => shown.set(null);

addEventListener("scroll", hideTooltip, { passive: true, capture: true });
addEventListener("keydown", (event) => event.key === "Escape" && hideTooltip());

export function Tooltip(): JSX.Element | null {
  const current = useCell(shown);
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!current || !box.current) return;
    const { width, height } = box.current.getBoundingClientRect();
    const middle = current.anchor.left + current.anchor.width / 2;
    const left = Math.min(Math.max(8, middle - width / 2), document.documentElement.clientWidth - width - 8);
    const above = current.anchor.top - height - 8;
    box.current.style.left = `${left}px`;
    box.current.style.top = `${above < 8 ? current.anchor.bottom + 8 : above}px`;
  }, [current]);
  return current && <div class="tooltip" ref={box} aria-hidden="true">{current.content}</div>;
}
