/** Drawn on a grid of 24 with lines of one width. */
const PATHS = {
  list: "M4 6h16M4 12h16M4 18h10",
  details: "M4 5h16v14H4zM14 5v14",
  theme: "M12 4a8 8 0 1 0 0 16zM12 4a8 8 0 0 1 0 16",
  help: "M3 7a1 1 0 0 1 1-1h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1zM7 10h.01M11 10h.01M15 10h.01M8 14h8",
  take: "M12 4v11M7.5 10.5 12 15l4.5-4.5M5 20h14",
  whole: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
  search: "M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14M16.5 16.5 21 21",
  play: "M8 5v14l11-7z",
  pause: "M8 5v14M16 5v14",
  before: "M18 6v12l-9-6zM6 6v12",
  after: "M6 6v12l9-6zM18 6v12",
  loop: "M17 3l3 3-3 3M20 6H8a4 4 0 0 0-4 4v1M7 21l-3-3 3-3M4 18h12a4 4 0 0 0 4-4v-1",
  live: "M12 10a2 2 0 1 1 0 4 2 2 0 0 1 0-4M7.5 7.5a6.4 6.4 0 0 0 0 9M16.5 7.5a6.4 6.4 0 0 1 0 9",
  compare: "M12 4v16M8 6H5a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h3M16 6h3a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-3",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  close: "M6 6l12 12M18 6 6 18",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon(props: { name: IconName }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" class="icon">
      <path d={PATHS[props.name]} />
    </svg>
  );
}

export function IconButton(props: { icon: IconName; label: string; keys?: string; pressed?: boolean; disabled?: boolean; onClick: () => void; id?: string }) {
  return (
    <button
      type="button"
      id={props.id}
      class="icon-button"
      classList={{ on: props.pressed ?? false }}
      aria-label={props.label}
      aria-pressed={props.pressed}
      disabled={props.disabled ?? false}
      title={props.keys ? `${props.label} (${props.keys})` : props.label}
      onClick={() => props.onClick()}
    >
      <Icon name={props.icon} />
    </button>
  );
}
