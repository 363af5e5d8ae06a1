// What tables stand in.

import type { ComponentChildren } from "preact";

/** Scrolls by itself where it is wider than the page, also by keyboard. */
export function TableFrame({ label, children }: { label: string; children: ComponentChildren }) {
  return <div class="table-frame" tabIndex={0} role="region" aria-label={label}>{children}</div>;
}
