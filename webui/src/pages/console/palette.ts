/**
 * The terminal's colours, by the page's theme: the 16 that programs name, dark and light.
 *
 * Each is readable on the ground by itself (4.5:1), but for black on dark and white on light, which are grounds. Other
 * pairs are put right by xterm's `minimumContrastRatio`.
 */

export interface Palette {
  background: string;
  foreground: string;
  cursor: string;
  cursorAccent: string;
  selectionBackground: string;
  selectionForeground: string;
  black: string;
  red: string;
  green: string;
  yellow: string;
  blue: string;
  magenta: string;
  cyan: string;
  white: string;
  brightBlack: string;
  brightRed: string;
  brightGreen: string;
  brightYellow: string;
  brightBlue: string;
  brightMagenta: string;
  brightCyan: string;
  brightWhite: string;
}

export const DARK: Palette = {
  background: "#0a0f0d",
  foreground: "#e6edea",
  cursor: "#2dd4bf",
  cursorAccent: "#06241f",
  selectionBackground: "#2dd4bf",
  selectionForeground: "#06241f",
  black: "#2b3732",
  red: "#f87171",
  green: "#4ade80",
  yellow: "#fbbf24",
  blue: "#7aa2f7",
  magenta: "#e290f0",
  cyan: "#2dd4bf",
  white: "#cdd8d3",
  brightBlack: "#8b9c95",
  brightRed: "#fca5a5",
  brightGreen: "#86efac",
  brightYellow: "#fde68a",
  brightBlue: "#a5c3ff",
  brightMagenta: "#f0bdf8",
  brightCyan: "#7df0e1",
  brightWhite: "#ffffff",
};

export const LIGHT: Palette = {
  background: "#ffffff",
  foreground: "#14201c",
  cursor: "#0f766e",
  cursorAccent: "#ffffff",
  selectionBackground: "#0f766e",
  selectionForeground: "#ffffff",
  black: "#14201c",
  red: "#b91c1c",
  green: "#15703a",
  yellow: "#8a5200",
  blue: "#1d4ed8",
  magenta: "#9a1fb0",
  cyan: "#0b6660",
  white: "#c3cfca",
  brightBlack: "#5c6f67",
  brightRed: "#d42424",
  brightGreen: "#1a7f43",
  brightYellow: "#9a5b00",
  brightBlue: "#2f63ea",
  brightMagenta: "#b02cc7",
  brightCyan: "#0f766e",
  brightWhite: "#7a8a83",
};
