/** A text that a person edits: what is on the screen, what is on the disk, and what is kept in case of a crash. */

import { Text } from "@codemirror/state";
import type { EditorView } from "@codemirror/view";
import { type ReadonlySignal, signal } from "@preact/signals";
import { type Draft, Drafts } from "../drafts";
import { changes } from "./linediff";
import { merge, type Merged } from "./merging";
import { Opened, type Place, type Version } from "./opened";
import { type Decoded, decode, encode, type Form, unified } from "./textform";

/** Milliseconds after the last key that a draft is kept. */
const CALM = 400;

/** Two texts to be made one. */
export interface Merging extends Merged {
  theirs: Text;
  form: Form;
  version: Version;
}

const EMPTY: Decoded = { text: "", ending: "lf", mark: false, flaw: undefined };

/** One text. */
export class Session {
  readonly opened: Opened;
  /** The text as it is now; the view, where there is one, is ahead of nothing. */
  doc: Text;
  readonly form = signal<Form>({ ending: "lf", mark: false });
  readonly #dirty = signal(false);
  /** What was typed before the page was loaded anew, and is not what is there. */
  readonly draft = signal<Draft | null>(null);
  readonly merging = signal<Merging | null>(null);
  /** Whether all that was typed would outlive a crash. */
  readonly kept = signal(true);
  view: EditorView | null = null;
  #base: Decoded = EMPTY;
  #baseText = Text.empty;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #drafts: Drafts;
  readonly #id: string;

  /** `id` names it among the drafts of `owner`. */
  constructor(place: Place, version: Version | null, owner: string, id: string) {
    this.opened = new Opened(place, version);
    this.#drafts = new Drafts(owner);
    this.#id = id;
    this.doc = this.#rebase();
    this.form.value = { ending: this.#base.ending, mark: this.#base.mark };
    const draft = this.#drafts.find(id);
    if (draft !== null && !this.#isBase(textOf(draft.text), draft)) this.draft.value = draft;
    else this.#drafts.forget(id);
    this.#judge();
  }

  /** Whether there is anything to save. */
  get dirty(): ReadonlySignal<boolean> {
    return this.#dirty;
  }

  /** The text is another now: somebody typed. */
  changed(doc: Text): void {
    this.doc = doc;
    this.#judge();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), CALM);
  }

  /** Let lines end otherwise; where they ended in many ways, all of them do. */
  reform(form: Form): void {
    const mixed = this.form.value.ending === "mixed" && form.ending !== "mixed";
    this.form.value = form;
    if (mixed) this.put(textOf(unified(this.doc.toString())));
    this.#judge();
    this.flush();
  }

  /** Keep a draft now, or forget it if there is nothing to keep. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.draft.value !== null) return; // there is another, which nobody has decided about
    if (!this.#dirty.value) {
      this.#drafts.forget(this.#id);
      this.kept.value = true;
      return;
    }
    const etag = this.opened.base.value?.etag ?? null;
    this.kept.value = this.#drafts.keep(this.#id, { text: this.doc.toString(), etag, at: Date.now() / 1000, ...this.form.value });
  }

  /** The end of editing, perhaps not a wanted one: what is not saved is kept as a draft. */
  leave(): void {
    this.flush();
  }

  /** Go on with the draft. */
  restore(): void {
    const draft = this.draft.value;
    this.draft.value = null;
    if (draft === null) return;
    this.form.value = { ending: draft.ending, mark: draft.mark };
    this.put(textOf(draft.text));
  }

  /** Forget the draft. */
  discard(): void {
    this.draft.value = null;
    this.flush();
  }

  /** Put another text in the place of this one, as a change that can be undone; the cursor stays where it was. */
  put(text: Text): void {
    if (this.view === null) {
      this.changed(text);
      return;
    }
    const now = this.view.state.doc;
    const wanted = text.toString();
    const different = changes(now.toString(), wanted).map((one) => ({
      from: one.fromA,
      to: one.toA,
      insert: text.slice(one.fromB, one.toB),
    }));
    this.view.dispatch({ changes: different, userEvent: "input.reload" });
  }

  /** Save what is on the screen; tells whether it is done, else `opened.phase` says what is in the way. Throws `Problem`. */
  async save(): Promise<boolean> {
    const sent = this.doc;
    const form = this.form.value;
    const done = await this.opened.save(encode(sent.toString(), form));
    if (!done) return false;
    this.#rebase();
    // It may be kept with a line end that was missing, say: then that is what is shown.
    if (this.doc.eq(sent) && !this.#baseText.eq(sent)) this.put(this.#baseText);
    this.#judge();
    this.flush();
    return true;
  }

  /** Go on from what is on the disk, whatever was typed. */
  take(version: Version): void {
    this.opened.adopt(version);
    const text = this.#rebase();
    this.form.value = { ending: this.#base.ending, mark: this.#base.mark };
    this.put(text);
    this.#judge();
    this.flush();
  }

  /** What is on the screen is meant to replace that version, or to be new: the next `save` does it. */
  insist(version: Version | null): void {
    this.opened.adopt(version);
    this.#rebase();
    this.#judge();
    this.flush();
  }

  /** Begin to join what was typed with what somebody else wrote; false if that is no text. */
  join(theirs: Version): boolean {
    const found = decode(theirs.bytes);
    if (found.flaw !== undefined) return false;
    const { ending, mark } = this.form.value;
    // Who has changed how lines end decides about that; if both have, we do.
    const form = {
      ending: ending === this.#base.ending ? found.ending : ending,
      mark: mark === this.#base.mark ? found.mark : mark,
    };
    const other = textOf(found.text);
    const merged = this.opened.base.value === null ? { text: this.doc, conflicts: [] } : merge(this.#baseText, this.doc, other);
    this.merging.value = { ...merged, theirs: other, form, version: theirs };
    return true;
  }

  /** What came of joining; what is on the disk is taken as seen. */
  joined(text: Text): void {
    const merging = this.merging.value;
    if (merging === null) return;
    this.merging.value = null;
    this.opened.adopt(merging.version);
    this.#rebase();
    this.form.value = merging.form;
    this.put(text);
    this.#judge();
    this.flush();
  }

  /** Look whether the disk has something else; if nothing was typed, that is shown. Tells whether it was. */
  async look(): Promise<boolean> {
    await this.opened.look();
    const phase = this.opened.phase.value;
    if (phase.is !== "conflict" || this.#dirty.value || decode(phase.theirs.bytes).flaw !== undefined) return false;
    this.take(phase.theirs);
    return true;
  }

  /** Decode what it is based on. */
  #rebase(): Text {
    const version = this.opened.base.value;
    this.#base = version === null ? EMPTY : decode(version.bytes);
    this.#baseText = textOf(this.#base.text);
    return this.#baseText;
  }

  #judge(): void {
    this.#dirty.value = this.opened.base.value === null || !this.#isBase(this.doc, this.form.value);
  }

  #isBase(text: Text, form: Form): boolean {
    return form.ending === this.#base.ending && form.mark === this.#base.mark && text.eq(this.#baseText);
  }
}

/** Return the text with these lines; only `\n` ends one. */
export function textOf(text: string): Text {
  return Text.of(text.split("\n"));
}

