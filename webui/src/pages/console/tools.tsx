/** What can be done with the output of a console. */

import { serverPath, apiUrl } from "../../api/base";
import { Button } from "../../parts/button";
import { copyText } from "../../parts/copy";
import { Menu } from "../../parts/menu";
import { tell } from "../../parts/toast";
import { go, hashOf } from "../../route";
import { t } from "../../strings";
import type { ConsoleModel } from "./model";
import { prefer, preferences } from "./preferences";

/** Draw them. */
export function Tools({ model, large, enlarge }: { model: ConsoleModel; large: boolean; enlarge: () => void }) {
  const { fontSize, wrap, reader } = preferences.value;
  return (
    <div class="console-tools" role="toolbar" aria-label={t.console.tools}>
      <Button small kind="quiet" icon="search" label={t.console.search} pressed={model.searching.value} onClick={() => void (model.searching.value = !model.searching.value)} />
      <Button small kind="quiet" icon="copy" label={t.console.copy} onClick={() => copy(model)} />
      <Button small kind="quiet" icon="download" label={t.console.download} onClick={() => download(model.name)} />
      <Button small kind="quiet" icon={large ? "shrink" : "enlarge"} label={large ? t.console.shrink : t.console.enlarge} pressed={large} onClick={enlarge} />
      <Menu
        small
        label={t.console.more}
        items={[
          { label: t.console.older, icon: "chevronUp", disabled: model.older.value !== "maybe", run: () => model.loadOlder() },
          { label: t.console.clear, icon: "x", run: () => model.clear() },
          { label: t.console.larger, icon: "plus", run: () => prefer({ fontSize: fontSize + 1 }) },
          { label: t.console.smaller, icon: "minus", run: () => prefer({ fontSize: fontSize - 1 }) },
          model.lines && { label: wrap ? t.console.unwrap : t.console.wrap, icon: "list", run: () => prefer({ wrap: !wrap }) },
          { label: reader ? t.console.readerOff : t.console.readerOn, icon: "eye", run: () => prefer({ reader: !reader }) },
          !model.lines && model.mayType && { label: t.console.redraw, icon: "refresh", run: () => model.redraw() },
          { label: t.console.logs, icon: "list", run: () => go(hashOf(["server", model.name, "logs"])) },
        ]}
      />
    </div>
  );
}

/** Copy what is selected, or all lines. */
async function copy(model: ConsoleModel): Promise<void> {
  const selected = model.screen.terminal.getSelection();
  const lines = selected === "" ? model.screen.text() : [];
  if (!(await copyText(selected === "" ? lines.join("\n") : selected))) {
    tell({ kind: "warning", text: t.copyByHand });
    return;
  }
  tell({ kind: "good", text: selected === "" ? t.console.copiedAll(lines.length) : t.console.copiedSelection });
}

/** Save all that the server has of what was said. */
function download(name: string): void {
  const link = document.createElement("a");
  link.href = apiUrl(serverPath(name, "logs"));
  link.download = `${name}.log`;
  link.click();
}
