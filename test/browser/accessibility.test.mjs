// axe finds nothing on any page, in any state that can be opened, light and dark: WCAG 2.2 AA, and its best practices. One process, as in
// screens.test.mjs.
import "./accessibilitymail.mjs";
import "./accessibilitywork.mjs";
