/** Hands a file to the browser, which saves it under the name. */
export function saveFile(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  // Some browsers read it only a while after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
