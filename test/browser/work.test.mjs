// What a person decides and does, and how they are let in, in one process as in screens.test.mjs.
import "./campaigns.mjs";
import "./incidents.mjs";
import "./policy.mjs";
import "./audit.mjs";
import "./quarantine.mjs";
import "./submissions.mjs";
import "./reports.mjs";
import "./trackers.mjs";
import "./indicators.mjs";
import "./feeds.mjs";
import "./rules.mjs";
import "./threats.mjs";
import "./settings.mjs";
import "./operators.mjs";
import "./mailbox.mjs";
import "./signin.mjs";
import "./actions.mjs";
