/** The bell's outline on a 24 by 24 field. */
export function BellShape() {
  return (
    <>
      <circle cx="12" cy="2.9" r="1.9" />
      <path d="M12 3.4c-3.9 0-6.5 2.7-6.9 6.6-.3 3.3-.4 4.9-1.9 6.7h17.6c-1.5-1.8-1.6-3.4-1.9-6.7C18.5 6.1 15.9 3.4 12 3.4Z" />
      <rect x="1.7" y="17.9" width="20.6" height="2" rx="1" />
      <path d="M9.2 21h5.6a2.8 2.5 0 0 1-5.6 0Z" />
    </>
  );
}

/** The mark: a plain bell. Below 20 px the highlight is left out. */
export function Bell({ size, color = "var(--brand)" }: { size: number; color?: string }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill={color} aria-hidden="true">
      <BellShape />
      {size >= 20 && <path d="M8.2 9.8c.2-1.7 1-2.9 2.2-3.6" fill="none" stroke="var(--card)" strokeWidth="1.2" strokeLinecap="round" />}
    </svg>
  );
}
