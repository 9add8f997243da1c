package email

// isEverydaySuffix lists the top-level domains, besides those of countries, in which a bare name is more likely an address than a word of a
// program or a sentence.
func isEverydaySuffix(tld string) bool {
	switch tld {
	case "com", "net", "org", "info", "biz", "edu", "gov", "mil", "int", "eu", "asia", "cat", "jobs", "mobi", "name", "pro", "tel", "travel", "xxx", "aero", "coop", "museum", "post",
		"app", "bet", "bid", "buzz", "cam", "casino", "cfd", "chat", "click", "cloud", "club", "company", "cyou", "date", "dev", "digital", "email", "fun", "games", "global", "group", "guru", "help",
		"host", "icu", "ink", "life", "link", "live", "loan", "lol", "ltd", "media", "men", "mom", "monster", "nl", "one", "online", "ooo", "page", "party", "press", "quest", "racing", "rest", "review",
		"rocks", "sale", "sbs", "services", "shop", "site", "social", "solutions", "space", "store", "stream", "support", "surf", "tech", "today", "tokyo", "top", "trade", "vip", "website", "wiki", "win",
		"work", "works", "world", "wtf", "xin", "xyz", "berlin", "bayern", "hamburg", "koeln", "wien", "paris", "london", "amsterdam", "nyc", "bank", "finance", "insurance", "law", "google", "bradesco":
		return true
	}
	return false
}

// isWordSuffix lists country codes that are also words people forget a space before.
func isWordSuffix(tld string) bool {
	switch tld {
	case "in", "is", "it", "no", "so", "at", "to", "be", "me", "do", "as", "am", "my", "la", "et":
		return true
	}
	return false
}

// isFileSuffix lists top-level domains that end file names more often than addresses.
func isFileSuffix(tld string) bool {
	switch tld {
	case "py", "sh", "pl", "rs", "md", "zip", "mov", "ps", "cc", "mm", "gz", "pm", "ms", "java", "cab", "ai", "st", "tf", "ml", "mk", "ac", "so", "ws", "id", "sc":
		return true
	}
	return false
}
