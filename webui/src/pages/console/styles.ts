/**
 * xterm.js gives letters their colours by style attributes, which the page's policy forbids. Set one by one from a
 * script, the same styles are allowed: no text that somebody else has written can do that.
 *
 * Only what xterm.js does so is changed: letters are spans, and it has no other document to make them with.
 */

const { setAttribute } = Element.prototype;

HTMLSpanElement.prototype.setAttribute = function (this: HTMLSpanElement, name: string, value: string): void {
  if (name === "style") this.style.cssText = value;
  else setAttribute.call(this, name, value);
};
