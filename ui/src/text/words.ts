/** The first letter as a capital, for a sentence made of a part of one. */
export function capital(s: string): string {
  return s.charAt(0).toUpperCase() + s.slice(1);
}
