// Package intel is what is known of the world outside one message: brands and where they really live, names made to
// look like other names, hosts that anybody may use, and indicators.
//
// Attackers borrow trust. They borrow a brand's name (Brands), a spelling that the eye takes for another
// (Fold, Skeleton, Lookalikes), or a host with a good name that rents itself out to everyone (Hosts: free mail, link
// shorteners, object storage, dynamic DNS). Indicators are the other direction: single addresses, hosts, URLs and files
// that somebody has already seen do harm. Everything here is data plus a fast way to ask it; nothing here judges, does
// I/O after loading, or knows the time unless it is told.
package intel
