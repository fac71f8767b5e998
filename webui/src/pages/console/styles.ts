/**
 * xterm.js gives letters their colours by style attributes, which the page's policy forbids. Set one by one from a
 * script, the same styles are allowed: no text that somebody else has written can do that.
 */

const set = HTMLElement.prototype.setAttribute;

HTMLElement.prototype.setAttribute = function (this: HTMLElement, name: string, value: string): void {
  if (name === "style") this.style.cssText = value;
  else set.call(this, name, value);
};
