/** Icons: strokes on a grid of 24, drawn for this page. They say nothing to a screen reader: what they are on does. */

const PATHS = {
  activity: "M3 12h4l3-8 4 16 3-8h4",
  alert: "M12 4 2.5 20h19zM12 10v4M12 17v.5",
  archive: "M4 4h16v5H4zM5 9v11h14V9M10 13h4",
  bell: "M6 16v-5a6 6 0 0 1 12 0v5l2 2H4zM10 21h4",
  check: "m4 12 5 5L20 6",
  chevronDown: "m6 9 6 6 6-6",
  chevronLeft: "m15 6-6 6 6 6",
  chevronRight: "m9 6 6 6-6 6",
  chevronUp: "m6 15 6-6 6 6",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 3",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  download: "M12 4v11M7 11l5 5 5-5M4 20h16",
  edit: "M4 20h4L20 8l-4-4L4 16zM14 6l4 4",
  enlarge: "M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  eyeOff: "M4 5l16 14M9.5 6a11 11 0 0 1 2.5-.4c6 0 10 6.4 10 6.4a17 17 0 0 1-3.3 3.8M6 7.8A16 16 0 0 0 2 12s4 7 10 7a9.500 9.500 0 0 0 4-.9",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  fileText: "M6 3h8l5 5v13H6zM14 3v5h5M9 12h7M9 16h7",
  film: "M4 4h16v16H4zM8 4v16M16 4v16M4 9h4M4 15h4M16 9h4M16 15h4",
  folder: "M3 6h6l2 3h10v11H3z",
  folderMove: "M3 6h6l2 3h10v11H3zM8.5 14.5h6M12 12l2.5 2.5-2.5 2.5",
  folderPlus: "M3 6h6l2 3h10v11H3zM12 12v5M9.5 14.5h5",
  image: "M4 4h16v16H4zM4 17l5-5 4 4 3-3 4 4M15 8.5h.5",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v6M12 7v.5",
  key: "M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM11 12l9-9M16 7l3 3",
  kill: "M13 2 5 13h6l-1 9 9-12h-6z",
  link: "M10 14a4 4 0 0 0 6 0l4-4a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-4 4a4 4 0 0 0 6 6l1-1",
  list: "M8 6h13M8 12h13M8 18h13M3 6h.5M3 12h.5M3 18h.5",
  logout: "M10 4H4v16h6M14 8l4 4-4 4M18 12H9",
  menu: "M4 6h16M4 12h16M4 18h16",
  minus: "M5 12h14",
  moon: "M20 14A8 8 0 1 1 10 4a6.5 6.5 0 0 0 10 10z",
  more: "M12 5v.5M12 12v.5M12 19v.5",
  music: "M9 18V5l11-2v13M6.5 15.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM17.5 13.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  paste: "M9 3h6v4H9zM9 5H5v16h14V5h-4M9 12h6M9 16h6",
  pause: "M8 5v14M16 5v14",
  play: "M7 4v16l13-8z",
  plus: "M12 5v14M5 12h14",
  redo: "M20 9H10a6 6 0 0 0 0 12h4M16 5l4 4-4 4",
  refresh: "M20 12a8 8 0 1 1-2.5-5.8M20 3v5h-5",
  restart: "M4 12a8 8 0 1 0 2.5-5.8M4 3v5h5",
  save: "M4 4h13l3 3v13H4zM8 4v5h7V4M8 20v-6h8v6",
  scissors: "M6 5.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM6 13.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5zM8 9.5 20 18M8 14.5 20 6",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 21 21",
  server: "M4 4h16v7H4zM4 13h16v7H4zM8 7.5h.5M8 16.5h.5",
  settings: "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
  shield: "M12 3 4 6v6c0 5 3.5 8 8 9 4.5-1 8-4 8-9V6z",
  stop: "M6 6h12v12H6z",
  shrink: "M4 9h5V4M20 9h-5V4M4 15h5v5M20 15h-5v5",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5 19 19M19 5l-1.5 1.5M6.5 17.5 5 19",
  terminal: "m4 7 5 5-5 5M12 18h8",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 14h10l1-14",
  undo: "M4 9h10a6 6 0 0 1 0 12h-4M8 5 4 9l4 4",
  upload: "M12 16V5M7 9l5-5 5 5M4 20h16",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21a8 8 0 0 1 16 0",
  users: "M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM2.5 20a6.5 6.5 0 0 1 13 0M16 5a3.5 3.5 0 0 1 0 7M18 14.5a6.5 6.5 0 0 1 3.5 5.5",
  x: "M5 5l14 14M19 5 5 19",
} as const;

export type IconName = keyof typeof PATHS;

/** Draw an icon as large as the text around it. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
