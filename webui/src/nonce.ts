/**
 * Style elements that libraries make (xterm.js, CodeMirror) carry the page's nonce: its policy lets no others in.
 *
 * The nonce is of this one page; a script that is let in could read it anyway.
 */

/** The nonce; empty while the page is developed. */
export const nonce = document.querySelector<HTMLElement>("script[nonce]")?.nonce ?? "";
const make = document.createElement.bind(document);

document.createElement = ((name: string, options?: ElementCreationOptions) => {
  const element = make(name, options);
  if (nonce && name.toLowerCase() === "style") element.nonce = nonce;
  return element;
}) as typeof document.createElement;
