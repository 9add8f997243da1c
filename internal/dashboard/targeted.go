package dashboard

import (
	"context"

	"tocsin/internal/kql"
)

// inward is the condition of mail that somebody inside gets.
const inward = `EmailDirection != "Outbound"`

// targeted fills the people who get the most threats.
func (x *answering) targeted(ctx context.Context) error {
	out := &Targeted{People: []Ranked{}}
	base := threats.and(inward)
	to := func(address string) measure { return base.and("RecipientEmailAddress == " + kql.Quote(address)) }
	var addresses []string
	ask := func(m measure, rest string, each func(row []any)) error {
		return x.rows(ctx, "EmailEvents"+where(between(x.from, x.to))+where(x.mail...)+where(m.where...)+rest, each)
	}
	err := ask(base, "\n| summarize Threats = count(), Delivered = countif("+delivered.condition()+"), Priority = countif(IsPriorityAccount) by RecipientEmailAddress"+
		"\n| sort by Threats desc, RecipientEmailAddress asc | take 10", func(row []any) {
		address := kql.Text(row[0])
		addresses = append(addresses, address)
		r := Ranked{Value: address, Label: address, Figure: x.here(to(address), kql.Integer(row[1])), Details: []Detail{
			{"delivered", "Still delivered", x.here(to(address).and(delivered.where...), kql.Integer(row[2]))},
		}}
		if x.opt.People != nil {
			if name := x.opt.People.Name(address); name != "" {
				r.Label = name
			}
		}
		if n := kql.Integer(row[3]); n > 0 {
			r.Details = append(r.Details, Detail{"priority", "Priority account", x.here(to(address).and("IsPriorityAccount == true"), n)})
		}
		out.People = append(out.People, r)
	})
	if err != nil {
		return err
	}
	if len(addresses) > 0 {
		err = ask(base.and("RecipientEmailAddress in "+quoted(addresses), clicked), "\n| summarize Clicked = count() by RecipientEmailAddress", func(row []any) {
			for i := range out.People {
				if r := &out.People[i]; r.Value == kql.Text(row[0]) {
					r.Details = append(r.Details, Detail{"clicked", "Followed a link", x.here(to(r.Value).and(clicked), kql.Integer(row[1]))})
				}
			}
		})
	}
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.out.Targeted = out
	return nil
}

// origin fills where mail comes from.
func (x *answering) origin(ctx context.Context) error {
	out := &Origin{Countries: []Ranked{}, Addresses: []Ranked{}}
	outside := measure{where: []string{`EmailDirection == "Inbound"`}}
	bad := outside.and(threatened)
	out.Unplaced = x.here(bad.and(`SenderCountry == ""`), 0, "geoip")
	err := x.rows(ctx, "EmailEvents"+where(between(x.from, x.to))+where(x.mail...)+where(outside.where...)+
		"\n| summarize All = count(), Threats = countif("+threatened+"), Malware = countif("+malware.condition()+") by SenderCountry"+
		"\n| sort by Threats desc, All desc, SenderCountry asc | take 300", func(row []any) {
		country := kql.Text(row[0])
		if country == "" {
			out.Unplaced.Value = kql.Integer(row[2])
			return
		}
		out.Known = true
		in := "SenderCountry == " + kql.Quote(country)
		m := malware.and(outside.where...).and(in)
		out.Countries = append(out.Countries, Ranked{Value: country, Label: country, Figure: x.here(bad.and(in), kql.Integer(row[2]), "geoip"), Details: []Detail{
			{"malware", "Malware", x.here(m, kql.Integer(row[3]), "geoip")},
			{"all", "All mail", x.here(outside.and(in), kql.Integer(row[1]), "geoip")},
		}})
	})
	if err != nil {
		return err
	}
	out.Known = out.Known || x.known.GeoIP
	err = x.rows(ctx, "EmailEvents"+where(between(x.from, x.to))+where(x.mail...)+where(bad.where...)+where(`SenderIPv4 != "" or SenderIPv6 != ""`)+
		"\n| summarize Threats = count(), Country = take_any(SenderCountry) by SenderIPv4, SenderIPv6\n| sort by Threats desc, SenderIPv4 asc, SenderIPv6 asc | take 10", func(row []any) {
		m, value := bad.and("SenderIPv4 == "+kql.Quote(kql.Text(row[0])), "SenderIPv6 == "+kql.Quote(kql.Text(row[1]))), kql.Text(row[0])
		if value == "" {
			value = kql.Text(row[1])
		}
		out.Addresses = append(out.Addresses, Ranked{Value: value, Label: value, Figure: x.here(m, kql.Integer(row[2])), Details: []Detail{}})
	})
	if err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.out.Origin = out
	return nil
}
