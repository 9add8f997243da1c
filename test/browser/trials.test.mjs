// What puts the screens on trial: hostile mail, and a great deal of it. A process of its own, so that two processors share the whole.
import "./hostile.mjs";
import "./size.mjs";
