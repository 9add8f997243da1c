const names = new Intl.DisplayNames(["en-GB"], { type: "region", fallback: "code" });

/** "Brazil" of BR; the code where it has no name. */
export function countryName(code: string): string {
  if (!/^[A-Z]{2}$/.test(code)) return code || "Not known";
  return names.of(code) ?? code;
}
