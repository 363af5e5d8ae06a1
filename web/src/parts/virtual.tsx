// A list of which only what can be seen is in the document: as quick with ten
// thousand rows as with ten.

import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

const SPARE = 8;  // Rows above and below those that can be seen.

export function VirtualList<T>(
  { items, rowHeight, label, head, keyOf, children, onEnd, class: kind = "" }: {
    items: T[];
    rowHeight: number;
    label: string;
    head?: ComponentChildren;
    keyOf: (item: T) => string;
    children: (item: T, index: number) => ComponentChildren;
    onEnd?: () => void;  // The end of the list can be seen.
    class?: string;
  },
) {
  const element = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const measure = () => {
    const { scrollTop, clientHeight } = element.current!;
    setView((before) => before.top === scrollTop && before.height === clientHeight
      ? before : { top: scrollTop, height: clientHeight });
  };
  useLayoutEffect(() => {
    const observer = new ResizeObserver(measure);
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(view.top / rowHeight) - SPARE);
  const last = Math.min(items.length, Math.ceil((view.top + view.height) / rowHeight) + SPARE);
  const isAtEnd = last >= items.length;
  useEffect(() => {
    if (isAtEnd && items.length > 0) onEnd?.();
  }, [isAtEnd, items.length]);
  return (
    <div class={`list ${kind}`} role="table" aria-label={label} ref={element}
      aria-rowcount={items.length + (head ? 1 : 0)} tabIndex={0} onScroll={measure}>
      {head && <div class="list-head" role="row" aria-rowindex={1}>{head}</div>}
      <div class="list-space" role="rowgroup"
        style={{ height: `${items.length * rowHeight}px` }}>
        <div role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {items.slice(first, last).map((item, i) => (
              <div key={keyOf(item)} class="list-row" role="row"
                aria-rowindex={first + i + (head ? 2 : 1)}
                style={{ height: `${rowHeight}px` }}>
                {children(item, first + i)}
              </div>
            ))}
        </div>
      </div>
    </div>
  );
}

export function Cell(
  { class: kind = "", head = false, children }: {
    class?: string; head?: boolean; children?: ComponentChildren;
  },
) {
  return <div class={`cell ${kind}`} role={head ? "columnheader" : "cell"}>{children}</div>;
}
