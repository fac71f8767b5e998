/** A file that cannot be edited here without harm: it is shown, and can be downloaded. */

import { useMemo } from "preact/hooks";
import { Surface } from "../../code/surface";
import { languageOf } from "../../code/language";
import { textOf } from "../../code/session";
import { decode } from "../../code/textform";
import { Notice } from "../../code/notices";
import { Tools, tellWhere, whereabouts } from "../../code/tools";
import type { EditorView } from "@codemirror/view";
import { bytes } from "../../format";
import { t } from "../../strings";
import { type FileSource, type Found, MOST, SHOWN } from "./filesource";
import { DownloadLink, Heading } from "./heading";

/** NUL and what else is not text would be drawn character by character: more of it takes too long. */
const BINARY_SHOWN = 16 << 10;

/** Draw it. */
export function Shown({ name, source, found }: { name: string; source: FileSource; found: Exclude<Found, { is: "missing" }> }) {
  const where = useMemo(whereabouts, []);
  const view = useMemo<{ current: EditorView | null }>(() => ({ current: null }), []);
  const { text, why } = useMemo(() => {
    const content = found.is === "large" ? found.beginning : found.version.bytes;
    const { flaw, text: all } = decode(content);
    const binary = content.includes(0);
    const shown = binary ? all.slice(0, BINARY_SHOWN) : all;
    if (found.is === "large") {
      return { text: shown, why: t.editor.tooLarge(bytes(found.size), bytes(MOST), bytes(binary ? BINARY_SHOWN : SHOWN)) };
    }
    return { text: shown, why: flaw === "nul" || binary ? t.editor.nul : t.editor.encoding };
  }, [found]);
  return (
    <>
      <Heading name={name} source={source} chips={<span class="chip plain dim">{t.editor.readOnly}</span>}>
        <Tools view={() => view.current} where={where} readOnly />
        <DownloadLink source={source} />
      </Heading>
      <Notice text={why}>
        <DownloadLink source={source} plain />
      </Notice>
      <Surface
        doc={textOf(text)}
        label={t.editor.label(source.path)}
        language={languageOf(source.path)}
        readOnly
        indent="  "
        ending="mixed"
        onView={(one) => void (view.current = one)}
        onUpdate={(update) => tellWhere(where, update)}
      />
    </>
  );
}
