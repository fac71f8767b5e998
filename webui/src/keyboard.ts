/**
 * The keyboard of a phone that lies over the page: the page becomes as high as what is left, so that what one types into
 * at its end is seen. Where the browser makes the page smaller by itself (`interactive-widget`), nothing is left to do.
 */

/** Pixels; what is less is a bar of the browser. */
const LEAST = 100;

const seen = window.visualViewport;

function fit(): void {
  if (seen === null) return;
  const covered = window.innerHeight - seen.height;
  // Who has zoomed in sees a part of the page, too.
  if (Math.abs(seen.scale - 1) < 0.01 && covered > LEAST) {
    document.documentElement.style.setProperty("--seen", `${seen.height}px`);
    window.scrollTo(0, 0);
  } else {
    document.documentElement.style.removeProperty("--seen");
  }
}

seen?.addEventListener("resize", fit);
