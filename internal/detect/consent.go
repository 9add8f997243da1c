package detect

import (
	"net/url"
	"strings"

	"tocsin/internal/intel"
)

// detectConsent finds attacks that need no false page: the sign-in page is a provider's own, and what the reader grants there goes to a
// stranger. Who sent the mail proves nothing about who gets the access, so a proven sender counts only when it is the provider.
func detectConsent(f *Facts, raise Raise) {
	if f.list || f.report {
		return
	}
	for i := range f.web {
		l := &f.web[i]
		c, ok := consentOf(l)
		if !ok || f.sentBy(l.host) {
			continue
		}
		what := c.grants()
		if what != "" && !(c.mild && !f.strangerGets(c)) {
			raise("consent-broad", say("%s; at %s, the answer goes to %s", what, host(l.host), orNobody(c.to)))
		}
		if f.strangerGets(c) {
			raise("consent-foreign", say("at %s, the answer goes to %s", host(l.host), host(c.to)))
		}
	}
	detectDeviceCode(f, raise)
}

func orNobody(h string) string {
	if h == "" {
		return "an unnamed application"
	}
	return host(h)
}

// sentBy says that the owner of host sent this: a brand, proven or signed.
func (f *Facts) sentBy(h string) bool {
	if !f.proven() && (f.known || !f.signedOwn) {
		return false
	}
	for _, b := range f.judge.brands.Of(h) {
		if f.officialSender(b) {
			return true
		}
	}
	return intel.OrgDomain(h) == f.fromOrg
}

// consent is a link that asks for an application's access (RFC 6749 section 4.1.1).
type consent struct {
	scope string // lower case, decoded; with resource
	to    string // host of redirect_uri
	admin bool   // for a whole organisation
	asks  bool   // the provider must ask, even when the application only wants what it was made for
	big   bool   // Microsoft or Google
	mild  bool   // a provider whose products put such links into honest mail
}

// consentHosts are where applications are granted access. A path that must stand in the address is given where the host is also for other
// things.
var consentHosts = map[string]string{"login.microsoftonline.com": "", "login.microsoftonline.us": "", "login.microsoft.com": "", "login.windows.net": "", "login.live.com": "oauth",
	"account.live.com": "consent", "accounts.google.com": "", "github.com": "/login/oauth", "gitlab.com": "/oauth/", "slack.com": "/oauth", "zoom.us": "/oauth",
	"www.dropbox.com": "/oauth2", "dropbox.com": "/oauth2", "app.box.com": "oauth2", "account.box.com": "oauth2", "auth.atlassian.com": "", "login.salesforce.com": "oauth2",
	"api.notion.com": "oauth", "www.facebook.com": "dialog/oauth", "www.linkedin.com": "oauth", "api.login.yahoo.com": "oauth2", "account.docusign.com": "/oauth", "x.com": "oauth2", "discord.com": "oauth2"}

func consentOf(l *link) (c consent, ok bool) {
	part, known := consentHosts[l.host]
	if !known {
		return c, false
	}
	target := cut(l.target(), maxURL)
	p := partsOf(target)
	low := strings.ToLower(p.path)
	if !strings.Contains(low, part) || p.query == "" {
		return c, false
	}
	values := readQuery(p.query)
	c.admin = strings.Contains(low, "adminconsent")
	if values["client_id"] == "" && values["app_id"] == "" || !c.admin && !strings.Contains(low, "auth") && !strings.Contains(low, "consent") {
		return c, false
	}
	c.scope = strings.ToLower(values["scope"] + " " + values["user_scope"])
	c.to = intel.DomainOf(values["redirect_uri"])
	prompt := strings.ToLower(values["prompt"])
	c.admin = c.admin || strings.Contains(prompt, "admin_consent")
	c.asks = strings.Contains(prompt, "consent") && values["resource"] != "" || strings.Contains(c.scope, ".default")
	switch l.host {
	case "login.microsoftonline.com", "login.microsoftonline.us", "login.microsoft.com", "login.windows.net", "login.live.com", "account.live.com", "accounts.google.com":
		c.big = true
	case "slack.com", "zoom.us", "auth.atlassian.com", "api.notion.com", "discord.com", "www.linkedin.com", "www.facebook.com", "x.com", "account.docusign.com":
		c.mild = true
	}
	return c, true
}

// readQuery decodes the parameters of a query, names in lower case, the first of each. What does not decode stays as written.
func readQuery(query string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(query, "&") {
		k, v, _ := strings.Cut(part, "=")
		k = strings.ToLower(strings.TrimPrefix(k, "amp;"))
		if _, have := out[k]; have || len(out) > 40 {
			continue
		}
		if d, err := url.QueryUnescape(v); err == nil {
			v = d
		}
		if d, err := url.QueryUnescape(v); err == nil && strings.Contains(v, "%") { // encoded twice
			v = d
		}
		out[k] = v
	}
	return out
}

// broadScopes are parts of scopes that let an application read or act as the reader. Names, addresses and pictures (openid, profile, email,
// User.Read) are what an ordinary sign-in asks for, offline_access among them.
var broadScopes = []string{"mail.read", "mail.send", "mailboxsettings", "imap.", "smtp.", "pop.", "ews.", "full_access", "files.read", "sites.", "contacts.read", "calendars.read",
	"chat.read", "chatmessage", "notes.read", "directory.", "user.read.all", "user.readwrite", "group.read", "application.", "rolemanagement", "wl.offline_access", "wl.skydrive",
	"wl.imap", "onedrive.read", "user_impersonation", "mail.google.com", "auth/gmail", "auth/drive ", "auth/drive.readonly", "auth/contacts", "auth/cloud-platform",
	"auth/admin", "auth/calendar", "google.com/m8/feeds"}

// otherScopes are the same for other providers: how one scope of the list begins.
var otherScopes = []string{"repo", "delete_repo", "workflow", "admin", "write", "gist", "user:", "api", "full", "web", "refresh_token", "files", "sharing", "root_readwrite", "channels:history",
	"groups:history", "im:history", "mpim:history", "search:read", "recording", "cloud_recording", "meeting:write", "user:write", "ads_management", "pages_", "business_management",
	"manage", "read:jira", "offline_access", "impersonation", "signature", "extended", "tweet.write", "users.read", "messages.read"}

// grants says what the reader would give away, "" when it is no more than who they are.
func (c consent) grants() string {
	if c.broad() {
		return `asks for "` + strings.TrimSpace(c.scope) + `"`
	}
	switch {
	case c.admin:
		return "asks for access to the whole organisation"
	case c.asks:
		return "asks for everything the application wants"
	}
	return ""
}

func (c consent) broad() bool {
	if c.big {
		for _, s := range broadScopes {
			if strings.Contains(c.scope+" ", s) {
				return true
			}
		}
		return false
	}
	for _, w := range strings.FieldsFunc(c.scope, func(r rune) bool { return r == ' ' || r == ',' || r == '+' }) {
		for _, s := range otherScopes {
			if strings.HasPrefix(w, s) {
				return true
			}
		}
	}
	return false
}

// strangerGets says that the answer goes to a site that is neither the sender's, nor the reader's, nor a known name's.
func (f *Facts) strangerGets(c consent) bool {
	if c.to == "" || !strings.Contains(c.to, ".") || f.org.owns(c.to) {
		return false
	}
	if f.judge.rented(c.to) != "" {
		return true
	}
	return intel.OrgDomain(c.to) != f.fromOrg && len(f.judge.brands.Of(c.to)) == 0
}

// devicePages are where a code is typed in that signs another device in (RFC 8628 section 3.3), lower case, without "www.".
var devicePages = []string{"microsoft.com/devicelogin", "microsoft.com/link", "aka.ms/devicelogin", "aka.ms/device", "login.microsoft.com/device", "login.microsoftonline.com/common/oauth2/deviceauth",
	"/oauth2/deviceauth", "/oauth2/v2.0/deviceauth", "microsoft.com/deviceauth", "google.com/device", "accounts.google.com/o/oauth2/device", "github.com/login/device",
	"gitlab.com/oauth/device", "device.sso.", "awsapps.com/start/#/device", "salesforce.com/setup/connect", "zoom.us/oauth_device", "auth0.com/activate", "okta.com/activate",
	"login.live.com/oauth20_remoteconnect", "microsoftonline.us/common/oauth2/deviceauth"}

// detectDeviceCode finds a code to type in at a provider's page for devices. Whoever made the code is signed in; a code that a reader has asked
// for stands on the device and never comes by mail.
func detectDeviceCode(f *Facts, raise Raise) {
	page := ""
	for i := range f.web {
		if page = devicePage(f.web[i].target()); page != "" && !f.sentBy(f.web[i].host) {
			break
		}
		page = ""
	}
	text := cut(f.Message.Visible, maxBody)
	if page == "" {
		page = devicePage(text)
		if page != "" && f.sentBy(intel.DomainOf("https://"+page)) {
			page = ""
		}
	}
	if page == "" {
		page = devicePage(cut(f.Files.Text, maxBody))
	}
	if page == "" {
		return
	}
	if low := strings.ToLower(text); len(text) > 3000 && len(low) == len(text) { // a long text holds abbreviations
		if at := strings.Index(low, page); at >= 0 {
			text = text[max(0, at-500):min(len(text), at+500)]
		}
	}
	for _, in := range [...]string{text, f.Message.Subject, cut(f.Files.Text, maxBody)} {
		if code := deviceCode(in); code != "" {
			raise("device-code", say("code %s for %s, from %s", code, page, f.from.Addr))
			return
		}
	}
	for i := range f.web { // the page may be opened with the code filled in
		l := &f.web[i]
		if devicePage(l.target()) == "" || f.sentBy(l.host) {
			continue
		}
		v := readQuery(partsOf(cut(l.target(), maxURL)).query)
		for _, k := range [...]string{"user_code", "usercode", "otc", "code"} {
			if v[k] != "" {
				raise("device-code", say("code %s for %s, from %s", v[k], page, f.from.Addr))
				return
			}
		}
	}
	if f.picture() {
		raise("device-code", say("a picture beside %s, from %s", page, f.from.Addr))
	}
}

// picture says that the message carries a picture which may hold the code.
func (f *Facts) picture() bool {
	for i := range f.Message.Attachments {
		if a := &f.Message.Attachments[i]; strings.HasPrefix(a.Type, "image/") && letters(f.Message.Visible, 500) < 500 {
			return true
		}
	}
	return false
}

// devicePage returns the page for devices that text names.
func devicePage(text string) string {
	low := strings.ToLower(text)
	for _, p := range devicePages {
		for off := 0; ; {
			i := strings.Index(low[off:], p)
			if i < 0 {
				break
			}
			start, end := off+i, off+i+len(p)
			off = end
			if start > 0 && p[0] != '/' && wordByte(low[start-1]) || end < len(low) && (wordByte(low[end]) || low[end] == '-') && !strings.HasSuffix(p, ".") {
				continue
			}
			return p
		}
	}
	return ""
}

// deviceCode returns a word that such pages take for a code: eight or nine capital letters and digits, also in two groups. A word of letters
// alone must stand in two groups or beside no other word in capitals.
func deviceCode(text string) string {
	words := strings.FieldsFunc(text, func(r rune) bool {
		return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\u00a0' || r == ',' || r == ':' || r == ';' || r == '"' || r == '(' || r == ')' || r == '\u201e' || r == '\u201c' || r == '\u201d' || r == '\u00ab' || r == '\u00bb' || r == '*' || r == '[' || r == ']' || r == '\''
	})
	shouting := 0
	for _, w := range words {
		if len(w) >= 4 && strings.ToUpper(w) == w && strings.ToLower(w) != w && strings.Trim(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
			shouting++
		}
	}
	for i, w := range words {
		w = strings.Trim(w, ".!?<>")
		a, b, grouped := strings.Cut(w, "-")
		if grouped && len(a) >= 3 && len(a) <= 5 && len(b) >= 3 && len(b) <= 5 && capital(a+b) && a != "CVE" && (hasDigit(w) || shouting < 6) {
			return w
		}
		if grouped || !capital(w) {
			continue
		}
		switch n := len(w); {
		case (n >= 7 && n <= 10) && hasDigit(w) && strings.Trim(w, "0123456789") != "":
			return w
		case (n == 8 || n == 9) && !hasDigit(w) && shouting <= 2:
			return w
		case (n == 4 || n == 5) && i+1 < len(words) && len(strings.Trim(words[i+1], ".!?")) == n && capital(strings.Trim(words[i+1], ".!?")) && (hasDigit(w) || hasDigit(words[i+1])) && strings.Trim(w, "0123456789") != "":
			return w + " " + strings.Trim(words[i+1], ".!?")
		}
	}
	return ""
}

func capital(w string) bool {
	return w != "" && strings.Trim(w, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

func hasDigit(w string) bool { return strings.ContainsAny(w, "0123456789") }
