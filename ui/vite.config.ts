import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { kusto } from "./build/kusto.ts";
import { worldMap } from "./build/world.ts";

// The build lands in dist/, which ui.go embeds. Nothing is inlined: the server's policy allows files of its own only.
export default defineConfig({
  plugins: [react(), worldMap()],
  worker: { format: "iife", plugins: () => [kusto()] },
  build: {
    outDir: "dist",
    emptyOutDir: true, // public/.keep brings back dist/.keep, without which a fresh checkout of the server would not compile
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      output: {
        // Three parts that change at different times; pages and the chart come as chunks of their own.
        advancedChunks: {
          groups: [
            { name: "fluent", test: /node_modules[\\/](@fluentui|@griffel|tabster|keyborg|@floating-ui)/ },
            { name: "echarts", test: /node_modules[\\/](echarts|zrender)/ },
            { name: "codemirror", test: /node_modules[\\/](@codemirror|@lezer|@marijn|style-mod|w3c-keyname|crelt)/ },
            { name: "react", test: /node_modules[\\/](react|react-dom|scheduler|@tanstack)/ },
          ],
        },
      },
    },
  },
  server: { proxy: { "/api": { target: process.env["TOCSIN_URL"] ?? "http://127.0.0.1:8825" } } },
});
