// How a person finds and reads mail, in one process: the server with its month of mail is started once and used by all of it.
import "./setup.mjs";
import "./dashboard.mjs";
import "./explorer.mjs";
import "./filter.mjs";
import "./chart.mjs";
import "./keyboard.mjs";
import "./focus.mjs";
import "./flyout.mjs";
import "./deeplink.mjs";
import "./export.mjs";
import "./live.mjs";
import "./email.mjs";
import "./hunting.mjs";
