package kql

import (
	"strings"

	"tocsin/internal/event"
)

// ipFunctions are those on addresses beside the tests of one range in functions.go.
var ipFunctions = map[string]function{
	"ipv4_compare": {params: "ss?l", op: inGo("ipv4_compare"), typ: event.Long}, "ipv4_is_match": {params: "ss?l", op: inGo("ipv4_is_match"), typ: event.Bool},
	"ipv6_compare": {params: "ss?l", op: inGo("ipv6_compare"), typ: event.Long}, "ipv6_is_match": {params: "ss?l", op: inGo("ipv6_is_match"), typ: event.Bool},
	"ipv4_is_in_any_range":    {params: "saa*", bind: amongTexts("ipv4_is_in_any_range")},
	"ipv6_is_in_any_range":    {params: "saa*", bind: amongTexts("ipv6_is_in_any_range")},
	"ipv4_netmask_suffix":     {params: "s", op: inGo("ipv4_netmask_suffix"), typ: event.Long},
	"ipv4_range_to_cidr_list": {params: "ss", op: inGo("ipv4_range_to_cidr_list"), typ: event.Dynamic},
	"parse_ipv4":              {params: "s", op: inGo("parse_ipv4"), typ: event.Long},
	"parse_ipv4_mask":         {params: "sl", op: inGo("parse_ipv4_mask"), typ: event.Long},
	"parse_ipv6":              {params: "s", op: inGo("parse_ipv6"), typ: event.String},
	"parse_ipv6_mask":         {params: "sl", op: inGo("parse_ipv6"), typ: event.String},
	"format_ipv4":             {params: "a?l", bind: formatAddress},
	"format_ipv4_mask":        {params: "a?l", bind: formatAddress},
	"has_ipv4":                {params: "saa*", bind: amongTexts("has_ipv4")},
	"has_any_ipv4":            {params: "saa*", bind: amongTexts("has_ipv4")},
	"has_ipv4_prefix":         {params: "saa*", bind: amongTexts("has_ipv4_prefix")},
	"has_any_ipv4_prefix":     {params: "saa*", bind: amongTexts("has_ipv4_prefix")},

	"geo_info_from_ip_address": {params: "s", op: inGo("geo_info_from_ip_address"), typ: event.Dynamic},
}

// amongTexts passes an address and the texts it is tested against, which are arguments or one array, as one array.
func amongTexts(name string) func(fcall) scalar {
	return func(c fcall) scalar {
		if !strings.Contains(c.name, "any") && len(c.args) > 2 {
			fail(c.nodes[2].Pos(), "%s takes 2 arguments, not %d", c.name, len(c.args))
		}
		list := c.args[1]
		if len(c.args) > 2 || list.typeOf() != event.Dynamic {
			texts := make([]scalar, len(c.args)-1)
			for i := range texts {
				texts[i] = argument(c.name, c.nodes[i+1], 's', c.args[i+1])
			}
			list = packArray(fcall{args: texts})
		}
		return &call{inGo(name), event.Bool, []scalar{c.args[0], list}}
	}
}

// formatAddress takes an address as text or as a number.
func formatAddress(c fcall) scalar {
	if t := c.args[0].typeOf(); integer(t) {
		c.args[0] = convert(c.args[0], event.Long)
	} else {
		c.args[0] = argument(c.name, c.nodes[0], 's', c.args[0])
	}
	return &call{inGo(c.name), event.String, c.args}
}
