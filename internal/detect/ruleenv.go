package detect

import (
	"fmt"
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"tocsin/internal/intel"
	"tocsin/internal/mailauth"
)

// What a rule sees. The names in the cel tags are the language of rules: they may grow, never change.

// RuleMessage is "msg".
type RuleMessage struct {
	Subject      string           `cel:"subject"`
	From         RuleAddress      `cel:"from"`
	ReplyTo      RuleAddress      `cel:"reply_to"`
	To           []RuleAddress    `cel:"to"`
	Cc           []RuleAddress    `cel:"cc"`
	ReturnPath   string           `cel:"return_path"`
	MessageID    string           `cel:"message_id"`
	Text         string           `cel:"text"`
	HTML         string           `cel:"html"`
	Visible      string           `cel:"visible"`
	Hidden       string           `cel:"hidden"`
	HTMLOnly     bool             `cel:"html_only"`
	IsReply      bool             `cel:"is_reply"`
	IsList       bool             `cel:"is_list"`
	ForeignLinks bool             `cel:"foreign_links"` // there are links and none leads to the sender's domain
	Language     string           `cel:"language"`
	Size         int              `cel:"size"`
	Links        []RuleLink       `cel:"links"`
	Attachments  []RuleAttachment `cel:"attachments"`
	Defects      []string         `cel:"defects"`
	FilesText    string           `cel:"files_text"` // what documents say, in the order they were opened
	FileFacts    []string         `cel:"file_facts"` // ids of what was found inside files (scan.Kinds)

	facts *Facts
}

// RuleAddress is a mailbox.
type RuleAddress struct {
	Name    string `cel:"name"`
	Address string `cel:"address"`
	Domain  string `cel:"domain"`
}

// RuleLink is a link that a reader can follow.
type RuleLink struct {
	URL    string `cel:"url"`    // as written
	Target string `cel:"target"` // after unwrapping Safe Links and the like; the same as url when nothing was wrapped
	Host   string `cel:"host"`   // of target
	Text   string `cel:"text"`
	Where  string `cel:"where"` // Body, Subject, Header, Attachment or QRCode
	Tag    string `cel:"tag"`   // a, area, button, form, text
}

// RuleAttachment is a file.
type RuleAttachment struct {
	Name      string `cel:"name"`
	Kind      string `cel:"kind"`
	Type      string `cel:"type"`
	Extension string `cel:"extension"`
	Size      int    `cel:"size"`
	SHA256    string `cel:"sha256"`
	Within    string `cel:"within"`
	Inline    bool   `cel:"inline"` // shown in the text
}

// RuleAuth is "auth". Results are words of RFC 8601; "unknown" when nobody checked.
type RuleAuth struct {
	SPF     string `cel:"spf"`
	DKIM    string `cel:"dkim"`
	DMARC   string `cel:"dmarc"`
	ARC     string `cel:"arc"`
	Aligned bool   `cel:"aligned"`
	Known   bool   `cel:"known"`
	Policy  string `cel:"policy"`
}

// RuleOrg is "org".
type RuleOrg struct {
	Name    string   `cel:"name"`
	Domains []string `cel:"domains"`
}

// Limits of rules.
const (
	maxRuleCost  = 3_000_000 // CEL cost units an evaluation; some tens of milliseconds at worst
	maxRuleText  = 64 << 10  // octets of an expression
	maxRuleDepth = 100
)

// ruleVars is the activation of one message.
func (f *Facts) ruleVars(raised []Signal) map[string]any {
	ids := make([]string, len(raised))
	for i, s := range raised {
		ids[i] = s.ID
	}
	a := &f.Auth
	word := func(c mailauth.Check) string {
		if !conclusive(c) && c.Result != mailauth.TempError || c.Origin == mailauth.Unknown {
			return "unknown"
		}
		return string(c.Result)
	}
	return map[string]any{
		"msg": f.toRule(),
		"auth": &RuleAuth{SPF: word(a.SPF), DKIM: word(a.BestDKIM()), DMARC: word(a.DMARC), ARC: word(a.ARC),
			Aligned: a.Aligned, Known: f.known, Policy: a.Policy},
		"org":        &RuleOrg{Name: f.Org.Name, Domains: orEmpty(f.Org.Domains)},
		"direction":  string(f.Direction),
		"recipients": orEmpty(f.Recipients),
		"signals":    ids,
	}
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func (f *Facts) toRule() *RuleMessage {
	m := f.Message
	r := &RuleMessage{Subject: m.Subject, From: RuleAddress{f.from.Name, f.from.Addr, f.from.Domain}, ReturnPath: m.ReturnPath, MessageID: m.MessageID,
		Text: cut(m.Text, maxBody), HTML: cut(m.HTML, 4*maxBody), Visible: cut(m.Visible, maxBody), Hidden: cut(m.Hidden, maxBody),
		HTMLOnly: f.htmlOnly, IsReply: f.reply, IsList: f.list, ForeignLinks: f.foreign, Language: m.Language, Size: m.Size,
		To: []RuleAddress{}, Cc: []RuleAddress{}, Links: make([]RuleLink, len(f.links)), Attachments: make([]RuleAttachment, len(m.Attachments)),
		Defects: make([]string, len(m.Defects)), FilesText: cut(f.Files.Text, maxBody), FileFacts: make([]string, len(f.Files.Facts)), facts: f}
	if len(m.ReplyTo) > 0 {
		r.ReplyTo = RuleAddress{m.ReplyTo[0].Name, m.ReplyTo[0].Addr, m.ReplyTo[0].Domain}
	}
	for _, a := range m.To[:min(len(m.To), 100)] {
		r.To = append(r.To, RuleAddress{a.Name, a.Addr, a.Domain})
	}
	for _, a := range m.Cc[:min(len(m.Cc), 100)] {
		r.Cc = append(r.Cc, RuleAddress{a.Name, a.Addr, a.Domain})
	}
	for i := range f.links {
		l := &f.links[i]
		r.Links[i] = RuleLink{l.URL, l.target(), l.host, l.Text, string(l.Where), l.Tag}
	}
	for i := range m.Attachments {
		a := &m.Attachments[i]
		r.Attachments[i] = RuleAttachment{a.Name, a.Kind, a.Type, a.Extension, a.Size, a.SHA256, a.Within, a.Inline}
	}
	for i, d := range m.Defects {
		r.Defects[i] = d.ID
	}
	for i := range f.Files.Facts {
		r.FileFacts[i] = f.Files.Facts[i].ID
	}
	return r
}

// newRuleEnv declares what rules may say. Every function is a pure question to the shipped knowledge.
// words must be filled before the first evaluation.
func newRuleEnv(brands *intel.Brands, hosts *intel.Hosts, words *phrases) (*cel.Env, error) {
	message := cel.ObjectType("detect.RuleMessage")
	list := cel.ListType(cel.StringType)
	text := func(name string, do func(string) string) cel.EnvOption {
		return cel.Function(name, cel.Overload(name+"_string", []*cel.Type{cel.StringType}, cel.StringType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return types.String(do(str(v))) })))
	}
	is := func(name string, do func(string) bool) cel.EnvOption {
		return cel.Function(name, cel.Overload(name+"_string", []*cel.Type{cel.StringType}, cel.BoolType,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return types.Bool(do(str(v))) })))
	}
	inMessage := func(name string) cel.EnvOption {
		return cel.Function(name, cel.MemberOverload("message_"+name, []*cel.Type{message, list}, cel.BoolType, cel.BinaryBinding(func(m, l ref.Val) ref.Val {
			return words.inMessage(m, l, phrasePlaces[name])
		})))
	}
	return cel.NewEnv(
		ext.NativeTypes(ext.ParseStructTags(true), reflect.TypeFor[RuleMessage](), reflect.TypeFor[RuleAuth](), reflect.TypeFor[RuleOrg](),
			reflect.TypeFor[RuleAddress](), reflect.TypeFor[RuleLink](), reflect.TypeFor[RuleAttachment]()),
		ext.Strings(),
		cel.Variable("msg", message), cel.Variable("auth", cel.ObjectType("detect.RuleAuth")), cel.Variable("org", cel.ObjectType("detect.RuleOrg")),
		cel.Variable("direction", cel.StringType), cel.Variable("recipients", list), cel.Variable("signals", list),
		cel.ParserExpressionSizeLimit(maxRuleText), cel.ParserRecursionLimit(maxRuleDepth),
		cel.Macros(append(cel.StandardMacros, cel.GlobalMacro("has_signal", 1, hasSignal))...),
		text("brand_of", func(s string) string {
			if m := brands.Match([]byte(intel.Fold(cut(s, 2000))), true); len(m) > 0 {
				return m[0].Brand.Name
			}
			return ""
		}),
		text("domain_of", intel.DomainOf),
		text("path_of", func(s string) string { return partsOf(s).path }),
		text("query_of", func(s string) string { return partsOf(s).query }),
		text("fragment_of", func(s string) string { return partsOf(s).fragment }),
		text("redirect_of", redirectOf),
		text("org_domain", func(s string) string { return intel.OrgDomain(intel.DomainOf(s)) }),
		text("fold", func(s string) string { return intel.Fold(cut(s, maxBody)) }),
		text("lookalike", func(s string) string {
			im, _ := brands.Lookalikes().Find(strings.ToLower(s))
			return im.Of
		}),
		is("free_mail", func(s string) bool { return hosts.FreeMail.Match(s) != "" }),
		is("shortener", func(s string) bool { return hosts.Shorteners.Match(s) != "" }),
		is("rented_host", func(s string) bool { return hosts.Hosting.Match(s) != "" }),
		is("dynamic_dns", func(s string) bool { return hosts.DynamicDNS.Match(s) != "" }),
		is("risky_tld", func(s string) bool { return hosts.RiskyTLDs.Match(intel.TLD(s)) != "" }),
		cel.Function("official", cel.Overload("official_string_string", []*cel.Type{cel.StringType, cel.StringType}, cel.BoolType,
			cel.BinaryBinding(func(brand, h ref.Val) ref.Val {
				for _, b := range brands.Of(str(h)) {
					if b.Name == str(brand) {
						return types.True
					}
				}
				return types.False
			}))),
		cel.Function("says",
			cel.MemberOverload("message_says", []*cel.Type{message, list}, cel.BoolType, cel.BinaryBinding(func(m, l ref.Val) ref.Val {
				return words.inMessage(m, l, phrasePlaces["says"])
			})),
			cel.MemberOverload("string_says", []*cel.Type{cel.StringType, list}, cel.BoolType, cel.BinaryBinding(func(s, l ref.Val) ref.Val {
				return words.inText([]byte(intel.Fold(cut(str(s), maxBody))), l)
			}))),
		inMessage("mentions"), inMessage("head_says"), inMessage("files_say"),
		cel.Function("links_contain", cel.MemberOverload("message_links_contain", []*cel.Type{message, list}, cel.BoolType, cel.BinaryBinding(func(m, l ref.Val) ref.Val {
			r, err := messageOf(m)
			if err != nil {
				return err
			}
			return each(l, func(s string) bool { return strings.Contains(r.facts.linkText(), strings.ToLower(s)) })
		}))),
		cel.Function("phone_numbers", cel.MemberOverload("message_phone_numbers", []*cel.Type{message}, list, cel.UnaryBinding(func(m ref.Val) ref.Val {
			r, err := messageOf(m)
			if err != nil {
				return err
			}
			return types.DefaultTypeAdapter.NativeToValue(orEmpty(phoneNumbers(r.facts.Message.Visible)))
		}))),
		cel.Function("header", cel.MemberOverload("message_header", []*cel.Type{message, cel.StringType}, cel.StringType, cel.BinaryBinding(func(m, name ref.Val) ref.Val {
			values, err := headersOf(m, str(name))
			if err != nil {
				return err
			}
			if len(values) == 0 {
				return types.String("")
			}
			return types.String(values[0])
		}))),
		cel.Function("headers", cel.MemberOverload("message_headers", []*cel.Type{message, cel.StringType}, list, cel.BinaryBinding(func(m, name ref.Val) ref.Val {
			values, err := headersOf(m, str(name))
			if err != nil {
				return err
			}
			return types.DefaultTypeAdapter.NativeToValue(orEmpty(values))
		}))),
	)
}

// hasSignal writes has_signal("x") as "x" in signals.
func hasSignal(h cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
	if args[0].Kind() != ast.LiteralKind {
		return nil, h.NewError(args[0].ID(), `has_signal wants the id of a signal in quotes, like has_signal("link-shortener")`)
	}
	return h.NewCall(operators.In, args[0], h.NewIdent("signals")), nil
}

func str(v ref.Val) string {
	s, _ := v.Value().(string)
	return s
}

func messageOf(v ref.Val) (*RuleMessage, ref.Val) {
	switch r := v.Value().(type) {
	case *RuleMessage:
		if r.facts != nil {
			return r, nil
		}
	case RuleMessage:
		if r.facts != nil {
			return &r, nil
		}
	}
	return nil, types.NewErr("%s", fmt.Sprintf("want msg itself, not a %T made in the rule", v.Value()))
}

func headersOf(m ref.Val, name string) ([]string, ref.Val) {
	r, err := messageOf(m)
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range r.facts.Message.Headers {
		if h := &r.facts.Message.Headers[i]; strings.EqualFold(h.Key, name) || strings.EqualFold(h.Name, name) {
			out = append(out, h.Value)
		}
	}
	return out, nil
}
