/**
 * A long list in chunks, of which those near what is seen are drawn: a thousand rows cost as much as fifty.
 *
 * Unlike a window of rows of one height this lets rows be as high as they like: a chunk that was drawn is remembered
 * with its height, one that was not is guessed.
 */

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Items of a chunk. */
const SIZE = 20;
/** How far beyond the edge is drawn, so that neither scrolling nor the Tab key comes to what is not there. */
const MARGIN = "800px 0px";

export interface ChunksProps<T> {
  items: readonly T[];
  /** Pixels of an item, about. */
  height: number;
  role?: "rowgroup" | "presentation";
  children: (item: T, at: number) => ComponentChildren;
}

/** Draw it; few items are drawn all. */
export function Chunks<T>({ items, height, role = "rowgroup", children }: ChunksProps<T>) {
  const starts = Array.from({ length: Math.ceil(items.length / SIZE) }, (_, at) => at * SIZE);
  return (
    <>
      {starts.map((start) => (
        <Chunk key={start} height={height} count={Math.min(SIZE, items.length - start)} role={role} first={start < 2 * SIZE}>
          {() => items.slice(start, start + SIZE).map((item, at) => children(item, start + at))}
        </Chunk>
      ))}
    </>
  );
}

interface ChunkProps {
  height: number;
  count: number;
  role: "rowgroup" | "presentation";
  first: boolean;
  children: () => ComponentChildren;
}

function Chunk({ height, count, role, first, children }: ChunkProps) {
  const self = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(first);
  const [known, setKnown] = useState<number>();
  useLayoutEffect(() => {
    const element = self.current;
    if (element === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        const is = entries.at(-1)?.isIntersecting ?? true;
        // What has the focus stays, wherever it is scrolled to.
        if (!is && element.contains(document.activeElement)) return;
        if (!is && element.childElementCount > 0) setKnown(element.offsetHeight / element.childElementCount);
        setNear(is);
      },
      { root: scrollerOf(element), rootMargin: MARGIN },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={self} role={role} style={near ? undefined : { height: `${count * (known ?? height)}px` }}>
      {near && children()}
    </div>
  );
}

/** The margin counts only for the scroller itself. */
function scrollerOf(element: HTMLElement): HTMLElement | null {
  for (let one = element.parentElement; one !== null; one = one.parentElement) {
    const { overflowY } = getComputedStyle(one);
    if (overflowY === "auto" || overflowY === "scroll") return one;
  }
  return null;
}
