import type { Plugin } from "vite";

/**
 * Makes modules of Microsoft's Kusto language service. Its two files are scripts that look for what kind of place they run in; here
 * they are told that it is none of the ones they know, and find each other on the global object of the worker.
 */
export function kusto(): Plugin {
  return {
    name: "kusto-language-service",
    transform(code, id) {
      if (!/@kusto[\\/]language-service-next[\\/].*\.js/.test(id)) return undefined;
      const signed = code.indexOf("// SIG // Begin signature block");
      const body = signed < 0 ? code : code.slice(0, signed);
      return { code: `const module = undefined, exports = undefined, define = undefined;\n(function () {\n${body}\n}).call(globalThis);\nexport {};\n`, map: null };
    },
  };
}
